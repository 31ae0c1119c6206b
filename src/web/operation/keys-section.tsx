import { type ReactNode, useEffect, useState } from 'react';
import { Part } from '../account/account-parts.tsx';
import { getJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { beijingSecond } from '../measures.ts';
import { Row } from '../report-parts.tsx';
import { Refusal } from '../sign-in/sign-in-parts.tsx';
import { StepMark } from '../status-mark.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { keysSchema, type PlatformKeys, type X509View } from './operation-answers.ts';
import { operationTexts } from './operation-texts.ts';

const DAY_MS = 24 * 3600_000;
const SOON_MS = 90 * DAY_MS;

/** Public parts of the keys that sign, since when, until when, and how each is replaced. */
export function KeysSection() {
  const t = useText();
  const { error, run } = useAction();
  const [keys, setKeys] = useState<PlatformKeys | undefined>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(async () => setKeys(await getJson('/platform/keys', keysSchema)));
  }, []);
  return (
    <>
      <p>{t(operationTexts.keysLead)}</p>
      <Refusal title={operationTexts.unavailable} error={error} />
      {keys === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {keys !== undefined && <Keys keys={keys} />}
    </>
  );
}

function Keys({ keys }: { keys: PlatformKeys }) {
  const t = useText();
  const [signer, ...issuers] = keys.seal;
  return (
    <>
      <Part title={operationTexts.logKey}>
        <ul className="rows">
          {keys.log.map(({ vkey, since, leafIndex, inUse }) => (
            <li key={vkey}>
              <span className="health-mark">
                <StepMark status={inUse ? 'passed' : 'not-checked'} />
                {t(inUse ? operationTexts.inUse : operationTexts.earlier)}
              </span>{' '}
              <code className="wrap-anywhere">{vkey}</code>
              <div className="hint">
                {since === null
                  ? t(operationTexts.noPublication)
                  : `${t(operationTexts.sinceTime)} ${beijingSecond(since)}`}
                {leafIndex !== null && ` · ${t(operationTexts.atLeaf)} ${leafIndex}`}
              </div>
            </li>
          ))}
        </ul>
        <HowTo text={operationTexts.logKeyHow}>
          <p>
            <code>npx tiezheng log rotate-key</code>
          </p>
        </HowTo>
      </Part>
      <Part title={operationTexts.seal}>
        {signer !== undefined && <X509 certificate={signer} />}
        {issuers.length > 0 && (
          <details>
            <summary>{t(operationTexts.issuerChain)}</summary>
            {issuers.map((each) => (
              <X509 key={each.sha256} certificate={each} />
            ))}
          </details>
        )}
        <HowTo text={operationTexts.sealHow} />
      </Part>
      <Part title={operationTexts.authorities}>
        {keys.authorities.length === 0 && <p>{t(operationTexts.noAuthorities)}</p>}
        {keys.authorities.map(({ source, lastTokenAt, signer: tokenSigner }) => (
          <section key={source} aria-label={source}>
            <h3 className="wrap-anywhere">{source}</h3>
            <p className="hint">
              {t(operationTexts.lastToken)}: {beijingSecond(lastTokenAt)}
            </p>
            {tokenSigner !== null && <X509 certificate={tokenSigner} />}
          </section>
        ))}
        <p>{t(operationTexts.authoritiesHow)}</p>
      </Part>
      <Part title={operationTexts.masterKey}>
        <dl className="facts">
          <Row label={operationTexts.masterKeyName}>
            <code>{keys.masterKey}</code>
          </Row>
        </dl>
        <p>{t(operationTexts.masterKeyHow)}</p>
      </Part>
    </>
  );
}

function HowTo({ text, children }: { text: Text; children?: ReactNode }) {
  const t = useText();
  return (
    <>
      <p>
        <strong>{t(operationTexts.howToReplace)}</strong>: {t(text)}
      </p>
      {children}
    </>
  );
}

function X509({ certificate }: { certificate: X509View }) {
  const t = useText();
  const { subject, issuer, serialNumber, sha256, validFrom, validUntil } = certificate;
  const leftMs = Date.parse(validUntil) - Date.now();
  const [status, word] =
    leftMs <= 0
      ? (['failed', operationTexts.expired] as const)
      : leftMs < SOON_MS
        ? (['pending', operationTexts.expiresSoon] as const)
        : (['passed', operationTexts.valid] as const);
  return (
    <dl className="facts">
      <Row label={operationTexts.subject}>{subject}</Row>
      <Row label={operationTexts.issuerChain}>{issuer}</Row>
      <Row label={operationTexts.validity}>
        <span className="health-mark">
          <StepMark status={status} />
          {t(word)}
        </span>{' '}
        {beijingSecond(validFrom)} {t(operationTexts.until)} {beijingSecond(validUntil)}
      </Row>
      <Row label={operationTexts.serialNumber}>
        <code>{serialNumber}</code>
      </Row>
      <Row label={operationTexts.fingerprint}>
        <DigestText hex={sha256} />
      </Row>
    </dl>
  );
}
