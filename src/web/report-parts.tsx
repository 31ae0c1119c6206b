import { useEffect } from 'react';
import { encodeJson, type JsonValue } from '../format/json.ts';
import type { Check } from '../format/report.ts';
import type { Verdict } from '../verify/inspect/desk.ts';
import { wordingOfCause, wordingOfCheck, wordingOfStatus } from '../verify/wording.ts';
import { DigestText } from './digest-text.tsx';
import { useText } from './language.tsx';
import { saveBlob } from './save-blob.ts';
import { StatusMark } from './status-mark.tsx';
import { type Text, texts } from './texts.ts';

/** What reports on our own documents and inspections of others' things have in common. */

/** Which of several files a report is about. */
export function SubjectName({ name }: { name: string }) {
  return (
    <span className="wrap-anywhere">
      {' '}
      · <bdi>{name}</bdi>
    </span>
  );
}

/** One fact of a list of them. Its value may be a word longer than any line. */
export function Row({ label, children }: { label: Text; children: React.ReactNode }) {
  const t = useText();
  return (
    <div>
      <dt>{t(label)}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </div>
  );
}

interface PanelProps {
  id: string;
  title: Text;
  lead?: Text;
  checks: readonly Check[];
}

export function Panel({ id, title, lead, checks }: PanelProps) {
  const t = useText();
  return (
    <section className="panel" aria-labelledby={id}>
      <h3 id={id}>{t(title)}</h3>
      {lead !== undefined && <p className="hint">{t(lead)}</p>}
      <p className="counts">{countsText(checks, t)}</p>
      <CheckList checks={checks} />
    </section>
  );
}

/** `failed 0 · pending 1 · …` in the reader's language. */
export function countsText(checks: readonly Check[], t: (text: Text) => string): string {
  return countsOf(checks)
    .map(([status, count]) => `${t(wordingOfStatus(status))} ${count}`)
    .join(' · ');
}

/** Every check, those about one thing together. */
export function CheckList({ checks }: { checks: readonly Check[] }) {
  return (
    <>
      {groupsOf(checks).map(([about, group]) => (
        <div key={about ?? ''} className="check-group">
          {about !== null && (
            <h4 className="wrap-anywhere">
              <About about={about} />
            </h4>
          )}
          <ul className="checks">
            {group.map((check) => (
              <CheckRow key={`${check.name} ${check.about}`} check={check} />
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

/** `file 1 9f86…`, `publication 2, attestation 1` in the reader's language. */
export function About({ about }: { about: string }) {
  const t = useText();
  const file = /^(file \d+|presented|certificate|other) ([0-9a-f]{64})$/.exec(about);
  if (file === null) return t(aboutText(about));
  return (
    <>
      {t(aboutText(file[1] as string))} <DigestText hex={file[2] as string} />
    </>
  );
}

function aboutText(about: string): Text {
  const zh = about
    .replace(/^file (\d+)$/, '文件 $1')
    .replace(/^presented$/, '您提供的文件')
    .replace(/^certificate$/, '证书')
    .replace(/^other$/, '其他物品')
    .replace(/^publication (\d+)/, '公布 $1')
    .replace(/, attestation (\d+)$/, '，证明 $1');
  const en = about.replace(/^presented$/, 'file you presented');
  return { zh, en: en.charAt(0).toUpperCase() + en.slice(1) };
}

function CheckRow({ check }: { check: Check }) {
  const t = useText();
  const cause = wordingOfCause(check);
  const facts = Object.entries(check.facts);
  const question = (
    <>
      <span className="question">{t(wordingOfCheck(check.name))}</span> <code className="check-name">{check.name}</code>
    </>
  );
  return (
    <li className="check" data-check={check.name} data-status={check.status}>
      <StatusMark status={check.status} />
      <div className="check-body">
        {facts.length === 0 ? (
          question
        ) : (
          <details>
            <summary>{question}</summary>
            <dl className="values">
              {facts.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd className="wrap-anywhere">{value}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
        {cause !== undefined && <div className="cause wrap-anywhere">{t(cause)}</div>}
      </div>
    </li>
  );
}

/** What verifies whom: the same rows under every report. */
export function VerifierRows({ verdict, toolDigest }: { verdict: Verdict; toolDigest: string | null }) {
  const t = useText();
  return (
    <>
      <Row label={texts.reportPolicy}>
        {verdict.policy === null ? t(texts.verifyNoPolicyChosen) : <DigestText hex={verdict.policy} />}
      </Row>
      <Row label={texts.reportVerifier}>
        {verdict.verifier.name} {verdict.verifier.version}
      </Row>
      <Row label={texts.reportTool}>
        {toolDigest === null ? (
          t(texts.reportToolSite)
        ) : (
          <>
            <DigestText hex={toolDigest} />
            <span className="hint"> {t(texts.reportToolHint)}</span>
          </>
        )}
      </Row>
    </>
  );
}

export function Limits({ id, limits }: { id: string; limits: Verdict['limits'] }) {
  const t = useText();
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{t(texts.limitsTitle)}</h3>
      <ul>
        {limits.map((limit) => (
          <li key={limit.en}>{t(limit)}</li>
        ))}
      </ul>
    </section>
  );
}

function countsOf(checks: readonly Check[]): [Check['status'], number][] {
  return (['failed', 'pending', 'not-checked', 'passed'] as const).map((status) => [
    status,
    checks.filter((check) => check.status === status).length,
  ]);
}

/** Checks about the same thing together, in the order in which each thing first occurs. */
function groupsOf(checks: readonly Check[]): [string | null, Check[]][] {
  const groups = new Map<string | null, Check[]>();
  for (const check of checks) groups.set(check.about, [...(groups.get(check.about) ?? []), check]);
  return [...groups];
}

/** Closed details would be missing on paper. */
export function usePrintedDetails(): void {
  useEffect(() => {
    let opened: HTMLDetailsElement[] = [];
    const before = () => {
      opened = [...document.querySelectorAll<HTMLDetailsElement>('.report details:not([open])')];
      for (const details of opened) details.open = true;
    };
    const after = () => {
      for (const details of opened) details.open = false;
    };
    addEventListener('beforeprint', before);
    addEventListener('afterprint', after);
    return () => {
      removeEventListener('beforeprint', before);
      removeEventListener('afterprint', after);
    };
  }, []);
}

/** The same bytes as `tiezheng verify --json` writes for the same input. */
export function saveVerdict(verdict: Verdict, name: string): void {
  const bytes = encodeJson(verdict as unknown as JsonValue) as Uint8Array<ArrayBuffer>;
  saveBlob(new Blob([bytes], { type: 'application/json' }), `verification-${name}.json`);
}
