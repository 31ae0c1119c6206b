import { Alert, Button, Input } from 'antd';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { type DepositDetail, detailSchema } from '../api-answers.ts';
import { getJson, postJson } from '../api-client.ts';
import { standingTexts } from '../deposit/standing-texts.ts';
import { DigestText } from '../digest-text.tsx';
import { PreviewImage } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { beijingTime, sizeText } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { texts } from '../texts.ts';
import {
  evidenceIndexSchema,
  type IndexEntry,
  type Opening,
  openingSchema,
  type Scope,
  sharedMatterSchema,
} from './sharing-answers.ts';
import { scopeTexts, sharedTexts } from './sharing-texts.ts';

/** What a link shows to somebody without an account. Nothing is opened until he says so: an opening is used up and recorded. */
export function SharedPage({ secret }: { secret: string }) {
  const t = useText();
  const [opening, setOpening] = useState<Opening | undefined>();
  const [isOver, setIsOver] = useState(false);
  useEffect(() => {
    if (opening === undefined) return;
    const end = () => {
      setOpening(undefined);
      setIsOver(true);
    };
    const timer = setTimeout(end, Date.parse(opening.expiresAt) - Date.now());
    return () => clearTimeout(timer);
  }, [opening]);
  return (
    <>
      <PageTitle title={t(sharedTexts.title)} />
      {opening === undefined ? (
        <>
          {isOver && (
            <Alert type="info" showIcon role="alert" title={t(sharedTexts.over)} description={t(sharedTexts.overWhy)} />
          )}
          <OpenForm secret={secret} onOpen={setOpening} />
        </>
      ) : (
        <Visit opening={opening} />
      )}
    </>
  );
}

function OpenForm({ secret, onOpen }: { secret: string; onOpen: (opening: Opening) => void }) {
  const t = useText();
  const id = useId();
  const [passphrase, setPassphrase] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CodedError | undefined>();
  const open = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const body = { passphrase: passphrase === '' ? null : passphrase };
      onOpen(await postJson(`/shared/${encodeURIComponent(secret)}`, body, openingSchema));
    } catch (failure) {
      setError(codedError(failure));
      setBusy(false);
    }
  };
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{t(sharedTexts.open)}</h2>
      <p>{t(sharedTexts.lead)}</p>
      <p>{t(sharedTexts.records)}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          open();
        }}
      >
        <label htmlFor={id}>{t(sharedTexts.passphrase)}</label>
        <div className="buttons">
          <Input.Password
            id={id}
            autoComplete="off"
            maxLength={200}
            value={passphrase}
            aria-describedby={`${id}-hint`}
            onChange={(event) => setPassphrase(event.target.value)}
            style={{ maxWidth: 480 }}
          />
          <Button type="primary" htmlType="submit" loading={busy}>
            {t(sharedTexts.open)}
          </Button>
        </div>
        <p className="hint" id={`${id}-hint`}>
          {t(sharedTexts.passphraseHint)}
        </p>
      </form>
      {error !== undefined && <Refusal error={error} />}
    </section>
  );
}

/** Whatever is wrong with a link reads the same. */
function Refusal({ error }: { error: CodedError }) {
  const t = useText();
  if (error.code !== 'link-not-found') return <ProblemAlert title={sharedTexts.failed} error={error} />;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t(sharedTexts.refused)}
      description={
        <>
          <p>{t(sharedTexts.refusedWhy)}</p>
          <p className="hint">
            {t(texts.errorCode)}: <code>{error.code}</code>
          </p>
        </>
      }
    />
  );
}

function Visit({ opening }: { opening: Opening }) {
  const t = useText();
  const { reader, scope, depositId, matterId, expiresAt, linkExpiresAt } = opening;
  const heading = useRef<HTMLHeadingElement>(null);
  const base = `/shared/openings/${opening.opening}`;
  // The button that was pressed is gone; the reader goes on where the answer begins.
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <section className="card" aria-labelledby="visit-title">
        <h2 id="visit-title" ref={heading} tabIndex={-1}>
          {t(sharedTexts.visit)}
        </h2>
        <dl className="facts">
          <Row label={sharedTexts.reader}>
            <span className="wrap-anywhere">
              <bdi>{reader}</bdi>
            </span>{' '}
            <span className="hint">{t(sharedTexts.readerHint)}</span>
          </Row>
          <Row label={sharedTexts.scope}>{t(scopeTexts[scope])}</Row>
          <Row label={sharedTexts.visitEnds}>{beijingTime(expiresAt)}</Row>
          <Row label={sharedTexts.linkEnds}>{beijingTime(linkExpiresAt)}</Row>
        </dl>
      </section>
      {depositId !== null && <SharedDeposit base={base} depositId={depositId} scope={scope} />}
      {matterId !== null && <SharedMatter base={base} matterId={matterId} scope={scope} />}
      <section className="card" aria-labelledby="check-title">
        <h2 id="check-title">{t(sharedTexts.check)}</h2>
        <p>{t(sharedTexts.checkLead)}</p>
        <p>
          {/* In a tab of its own: going away ends the visit. */}
          <a href="/read" target="_blank" rel="noreferrer">
            {location.origin}/read
          </a>
        </p>
      </section>
    </>
  );
}

function SharedDeposit({ base, depositId, scope }: { base: string; depositId: string; scope: Scope }) {
  const t = useText();
  const id = useId();
  const path = `${base}/deposits/${depositId}`;
  const { found: deposit, error } = useAnswer(() => getJson(path, detailSchema), path);
  if (error !== undefined) return <Refusal error={error} />;
  if (deposit === undefined) return <p role="status">{t(texts.loading)}</p>;
  const { certificate } = deposit;
  return (
    <section className="card" aria-labelledby={id} data-deposit={depositId}>
      <h2 id={id} className="wrap-anywhere">
        {t(sharedTexts.deposit)}: {deposit.title ?? t(texts.depositUntitled)}
      </h2>
      <dl className="facts">
        <Row label={texts.depositId}>
          <code>{depositId}</code>
        </Row>
        <Row label={texts.timeReceived}>{beijingTime(deposit.record.receivedAt)}</Row>
        <Row label={texts.reportCertificateNo}>{certificate?.certificateNo ?? t(texts.downloadLater)}</Row>
      </dl>
      <h3>{t(sharedTexts.downloads)}</h3>
      <ul>
        {certificate !== null && (
          <>
            <FileItem path={`${path}/certificate.pdf`} name={`${certificate.certificateNo}.pdf`}>
              {t(texts.downloadCertificatePdf)}
            </FileItem>
            <FileItem path={`${path}/certificate.json`} name={`${certificate.certificateNo}.json`}>
              {t(texts.downloadCertificateJson)}
            </FileItem>
            {scope === 'export' && (
              <FileItem path={`${path}/package.zip`} name={`${certificate.certificateNo}.zip`}>
                {t(texts.downloadPackage)}
              </FileItem>
            )}
          </>
        )}
        {deposit.leafIndex !== null && (
          <FileItem path={`${path}/receipt.json`} name={`receipt-${depositId}.json`}>
            {t(texts.downloadReceipt)}
          </FileItem>
        )}
        {deposit.publication !== null && (
          <FileItem path={`${path}/proof.tlog-proof`} name={`${depositId}.tlog-proof`}>
            {t(standingTexts.logProof)}
          </FileItem>
        )}
      </ul>
      <h3>
        {t(sharedTexts.files)} ({deposit.files.length})
      </h3>
      {deposit.files.map((file) => (
        <SharedFile key={file.entry.index} path={`${path}/files/${file.entry.index}`} file={file} scope={scope} />
      ))}
    </section>
  );
}

function SharedFile({ path, file, scope }: { path: string; file: DepositDetail['files'][number]; scope: Scope }) {
  const t = useText();
  const { entry, name, preview, originalHeld } = file;
  return (
    <article className="deposited-file">
      <h4 className="wrap-anywhere">
        {entry.index + 1}. <bdi>{name.name}</bdi>
      </h4>
      <p className="hint">
        {sizeText(entry.sizeBytes)} ({entry.sizeBytes} B)
        {entry.digestSource === 'declared' && ` · ${t(texts.fileDeclared)}`}
        {originalHeld && scope === 'read' && ` · ${t(sharedTexts.notInScope)}`}
      </p>
      <dl className="facts">
        <Row label={texts.sha256}>
          <DigestText hex={entry.digests.sha256} />
        </Row>
      </dl>
      {preview !== null && <PreviewImage path={`${path}/preview`} about={name.name} />}
      {originalHeld && scope !== 'read' && (
        <a href={`/api/v1${path}`} download={name.name} aria-label={`${t(texts.fileOriginal)} ${name.name}`}>
          {t(texts.fileOriginal)}
        </a>
      )}
    </article>
  );
}

function SharedMatter({ base, matterId, scope }: { base: string; matterId: string; scope: Scope }) {
  const t = useText();
  const path = `${base}/matters/${matterId}`;
  const { found, error } = useAnswer(
    () => Promise.all([getJson(path, sharedMatterSchema), getJson(`${path}/index.json`, evidenceIndexSchema)]),
    path,
  );
  if (error !== undefined) return <Refusal error={error} />;
  if (found === undefined) return <p role="status">{t(texts.loading)}</p>;
  const [matter, { entries }] = found;
  return (
    <section className="card" aria-labelledby="matter-title">
      <h2 id="matter-title" className="wrap-anywhere">
        {t(sharedTexts.matter)}: {matter.title}
      </h2>
      {matter.summary !== null && <p className="pre-line wrap-anywhere">{matter.summary}</p>}
      <h3>{t(sharedTexts.items)}</h3>
      <ul>
        <FileItem path={`${path}/index.html`} name={`index-${matterId}.html`}>
          {t(sharedTexts.indexPage)}
        </FileItem>
        <FileItem path={`${path}/index.csv`} name={`index-${matterId}.csv`}>
          {t(sharedTexts.indexCsv)}
        </FileItem>
      </ul>
      {entries.length === 0 && <p>{t(sharedTexts.noItems)}</p>}
      {entries.map((entry) => (
        <MatterEntry key={entry.no} base={base} entry={entry} scope={scope} />
      ))}
    </section>
  );
}

/** The deposit itself is asked for when the reader wants it: each look is recorded. */
function MatterEntry({ base, entry, scope }: { base: string; entry: IndexEntry; scope: Scope }) {
  const t = useText();
  const [isOpen, setIsOpen] = useState(false);
  const { no, name, issue, source, proofPurpose, certificateNo, depositId } = entry;
  const title = `${no}. ${name ?? t(texts.depositUntitled)}`;
  return (
    <article className="deposited-file">
      <h4 className="wrap-anywhere">{title}</h4>
      <dl className="facts">
        <Row label={sharedTexts.issue}>{issue ?? t(texts.notProvided)}</Row>
        <Row label={sharedTexts.source}>{source ?? t(texts.notProvided)}</Row>
        <Row label={sharedTexts.proofPurpose}>{proofPurpose ?? t(texts.notProvided)}</Row>
        <Row label={texts.reportCertificateNo}>{certificateNo ?? t(texts.downloadLater)}</Row>
      </dl>
      <Button
        size="small"
        aria-expanded={isOpen}
        aria-label={`${t(sharedTexts.show)} ${title}`}
        onClick={() => setIsOpen(!isOpen)}
      >
        {t(sharedTexts.show)}
      </Button>
      {isOpen && <SharedDeposit base={base} depositId={depositId} scope={scope} />}
    </article>
  );
}

/** A plain link, since the address itself says who reads: large files need not fit into memory. */
function FileItem({ path, name, children }: { path: string; name: string; children: ReactNode }) {
  return (
    <li>
      <a href={`/api/v1${path}`} download={name}>
        {children}
      </a>
    </li>
  );
}

/** @param key asked again when it changes */
function useAnswer<T>(ask: () => Promise<T>, key: string): { found?: T; error?: CodedError } {
  const [state, setState] = useState<{ found?: T; error?: CodedError }>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is asked follows from the key
  useEffect(() => {
    let gone = false;
    setState({});
    ask().then(
      (found) => !gone && setState({ found }),
      (failure: unknown) => !gone && setState({ error: codedError(failure) }),
    );
    return () => {
      gone = true;
    };
  }, [key]);
  return state;
}

function codedError(failure: unknown): CodedError {
  return failure instanceof CodedError ? failure : new CodedError('internal', String(failure));
}
