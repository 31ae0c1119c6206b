import { Alert, Button } from 'antd';
import { useEffect, useState } from 'react';
import { CodedError } from '../../errors.ts';
import type { PlatformProfile } from '../../format/certificate.ts';
import { identityMethodTexts, wordsFor } from '../account/account-texts.ts';
import type { DepositDetail } from '../api-answers.ts';
import { getBlob } from '../api-client.ts';
import { compareAddress } from '../compare/compare-address.ts';
import { DigestText } from '../digest-text.tsx';
import { DownloadLink, PreviewImage } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { beijingTime, percent, sizeText } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { Link } from '../route.tsx';
import { SharingPanel } from '../sharing/sharing-panel.tsx';
import { kindTexts, statementTexts, texts } from '../texts.ts';
import { type BlockTime, type CertificateFacts, certificateFacts } from './certificate-facts.ts';
import { CustodyView } from './custody-view.tsx';
import { CertifiedDownloads, ReceiptDownload } from './deposit-downloads.tsx';
import { DepositSteps } from './deposit-steps.tsx';
import { DerivativesSection } from './derivatives-section.tsx';
import { ErasedDeposit, ErasureSection } from './erasure-section.tsx';
import type { Erasure } from './item-answers.ts';
import { itemTexts } from './item-texts.ts';
import { ProofSources } from './proof-sources.tsx';
import { SignatureSection } from './signature-section.tsx';
import { standingTexts } from './standing-texts.ts';
import { StandingView } from './standing-view.tsx';
import { useDeposit } from './use-deposit.ts';
import './deposit.css';

/** One deposit, asked for again until it is certified. */
export function DepositPage({ depositId, evaluation }: { depositId: string; evaluation: boolean }) {
  const t = useText();
  const { deposit, error, unreachable } = useDeposit(depositId);
  const facts = useCertificateFacts(depositId, deposit?.certificate != null);
  const [erased, setErased] = useState<Erasure | undefined>();
  if (erased?.depositId === depositId || error?.code === 'deposit-erased') {
    return <ErasedDeposit depositId={depositId} known={erased} />;
  }
  if (error !== undefined) {
    return (
      <>
        <PageTitle title={t(texts.depositTitle)} />
        <ProblemAlert title={texts.depositUnavailable} error={error} />
      </>
    );
  }
  if (deposit === undefined) {
    return (
      <>
        <PageTitle title={t(texts.depositTitle)} />
        <p role="status">{t(texts.loading)}</p>
      </>
    );
  }
  const { may } = deposit;
  return (
    <div className="item-page">
      <PageTitle title={deposit.title ?? t(texts.depositUntitled)} />
      {deposit.relation !== 'own' && <p role="note">{t(itemTexts.shownToYou)}</p>}
      <p className="buttons no-print">
        <Button onClick={() => print()}>{t(itemTexts.print)}</Button>
      </p>
      <dl className="facts card">
        <Row label={texts.depositNo}>{deposit.leafIndex ?? t(texts.statusWaiting)}</Row>
        <Row label={texts.depositId}>
          <code>{deposit.depositId}</code>
        </Row>
        <Row label={texts.reportCertificateNo}>{deposit.certificate?.certificateNo ?? t(texts.downloadLater)}</Row>
      </dl>
      <StandingView deposit={deposit} evaluation={evaluation} />
      <Files deposit={deposit} />
      <Times deposit={deposit} block={facts?.block} />
      <Persons deposit={deposit} platform={facts?.platform} />
      <Downloads deposit={deposit} />
      <section className="card" aria-labelledby="progress-title">
        <h2 id="progress-title">{t(texts.depositProgress)}</h2>
        <DepositSteps deposit={deposit} />
        {deposit.pending !== null && <p className="hint no-print">{t(texts.depositPolling)}</p>}
        {unreachable && <Alert type="warning" showIcon role="alert" title={t(texts.pollFailed)} />}
      </section>
      <ProofSources deposit={deposit} facts={facts} />
      <StatementSection deposit={deposit} />
      <SignatureSection deposit={deposit} />
      <CustodyView depositId={depositId} />
      <DerivativesSection key={depositId} depositId={depositId} mayLink={may.includes('matter.edit')} />
      {may.includes('grant.create') && (
        <div className="no-print">
          <SharingPanel object={{ depositId, certified: deposit.certificate !== null }} />
        </div>
      )}
      {may.includes('deposit.erase') && deposit.leafIndex !== null && (
        <ErasureSection depositId={depositId} depositNo={deposit.leafIndex} onErased={setErased} />
      )}
      <p className="hint">{t(texts.notAuthor)}</p>
    </div>
  );
}

/** Read from the certificate itself: the block's own header says its time, and the operator names himself there. */
function useCertificateFacts(depositId: string, certified: boolean): CertificateFacts | undefined {
  const [facts, setFacts] = useState<CertificateFacts>();
  useEffect(() => {
    let gone = false;
    setFacts(undefined);
    if (certified) {
      getBlob(`/deposits/${depositId}/certificate.json`)
        .then((blob) => blob.arrayBuffer())
        .then((bytes) => {
          if (!gone) setFacts(certificateFacts(new Uint8Array(bytes)));
        })
        .catch((error: unknown) => {
          // The page stands without it; the downloads show the same failure to whoever needs the certificate.
          if (!(error instanceof CodedError)) throw error;
        });
    }
    return () => {
      gone = true;
    };
  }, [depositId, certified]);
  return facts;
}

function Downloads({ deposit }: { deposit: DepositDetail }) {
  const t = useText();
  const base = `/deposits/${deposit.depositId}`;
  return (
    <section className="card no-print" aria-labelledby="downloads-title">
      <h2 id="downloads-title">{t(texts.depositDownloads)}</h2>
      <ul>
        <ReceiptDownload deposit={deposit} />
        <CertifiedDownloads deposit={deposit} parts={['certificate.pdf', 'certificate.json', 'package.zip']} />
        <li>
          {deposit.publication === null ? (
            `${t(standingTexts.logProof)}: ${t(standingTexts.logProofLater)}`
          ) : (
            <DownloadLink
              path={`${base}/proof.tlog-proof`}
              fileName={`${deposit.depositId}.tlog-proof`}
              label={standingTexts.logProof}
            />
          )}
        </li>
      </ul>
      <p className="hint">
        {t(texts.downloadHint)} <Link to="/verify">{t(texts.navVerify)}</Link>
      </p>
    </section>
  );
}

/** Capture, receipt and outside proof are never one line. */
function Times({ deposit, block }: { deposit: DepositDetail; block: BlockTime | undefined }) {
  const t = useText();
  const { capturedFrom, capturedUntil } = deposit.annexes.statement;
  const interval = [capturedFrom, capturedUntil].map((time) =>
    time === undefined ? t(texts.notProvided) : beijingTime(time),
  );
  return (
    <section className="card" aria-labelledby="times-title">
      <h2 id="times-title">{t(texts.depositTimes)}</h2>
      <dl className="facts">
        <Row label={texts.timeCapture}>
          {capturedFrom === undefined && capturedUntil === undefined ? t(texts.notProvided) : interval.join(' – ')}
        </Row>
        <Row label={texts.timeReceived}>{beijingTime(deposit.record.receivedAt)}</Row>
        <Row label={texts.timeProved}>
          {block === undefined ? (
            t(texts.timePending)
          ) : (
            <>
              {beijingTime(block.at)} <span className="hint">{`${block.chain}, ${block.blockNumber}`}</span>
            </>
          )}
        </Row>
      </dl>
      <p className="hint">{t(texts.timeProvedHint)}</p>
    </section>
  );
}

function Persons({ deposit, platform }: { deposit: DepositDetail; platform: PlatformProfile | undefined }) {
  const t = useText();
  const { depositor, statement } = deposit.annexes;
  const { method, checkedAt } = depositor.identityCheck;
  return (
    <section className="card" aria-labelledby="persons-title">
      <h2 id="persons-title">{t(texts.depositPersons)}</h2>
      <dl className="facts">
        <Row label={texts.personHolder}>{statement.rightHolder ?? t(texts.notProvided)}</Row>
        <Row label={texts.personDepositor}>
          {depositor.name}{' '}
          <span className="hint">
            {t(texts.identityCheck)}:{' '}
            {t(method === 'none' ? texts.identityNotChecked : wordsFor(identityMethodTexts, method))}
            {checkedAt !== null && `, ${beijingTime(checkedAt)}`}
          </span>
        </Row>
        <Row label={texts.personCapturer}>{statement.captureOperator ?? t(texts.notProvided)}</Row>
        <Row label={texts.personOperator}>
          {platform === undefined
            ? t(texts.personOperatorIs)
            : [platform.name, platform.operator].filter(Boolean).join(' · ')}
        </Row>
      </dl>
    </section>
  );
}

function Files({ deposit }: { deposit: DepositDetail }) {
  const t = useText();
  const base = `/deposits/${deposit.depositId}/files`;
  return (
    <section className="card" aria-labelledby="files-title">
      <h2 id="files-title">
        {t(texts.depositFiles)} ({deposit.files.length})
      </h2>
      {deposit.files.map(({ entry, name, originalHeld, preview, upload }) => (
        <article key={entry.index} className="deposited-file">
          <h3 className="wrap-anywhere">
            {entry.index + 1}. <bdi>{name.name}</bdi>
          </h3>
          <p className="hint">
            {sizeText(entry.sizeBytes)} ({entry.sizeBytes} B) · {entry.mediaType ?? t(texts.notProvided)}
            {entry.digestSource === 'declared' && ` · ${t(texts.fileDeclared)}`}
          </p>
          <dl className="facts">
            <Row label={texts.sha256}>
              <DigestText hex={entry.digests.sha256} />
            </Row>
            <Row label={texts.sm3}>
              {entry.digests.sm3 === null ? t(texts.notProvided) : <DigestText hex={entry.digests.sm3} />}
            </Row>
          </dl>
          {deposit.isTradeSecret && (preview !== null || isImage(entry.mediaType)) && (
            <p className="hint">{t(itemTexts.secret)}</p>
          )}
          {preview !== null && !deposit.isTradeSecret && (
            <PreviewImage path={`${base}/${entry.index}/preview`} about={name.name} />
          )}
          {!originalHeld && upload !== null && <UploadNote upload={upload} />}
          {preview !== null && (
            <p className="no-print">
              <Link to={compareAddress({ original: { depositId: deposit.depositId, fileIndex: entry.index } })}>
                {t(itemTexts.compare)}
              </Link>
            </p>
          )}
          <div className="no-print">
            {originalHeld && deposit.may.includes('deposit.download') && (
              <DownloadLink
                path={`${base}/${entry.index}`}
                fileName={name.name}
                label={texts.fileOriginal}
                about={name.name}
              />
            )}
            {deposit.opentimestamps !== null && (
              <DownloadLink
                path={`${base}/${entry.index}/proof.ots`}
                fileName={`${name.name}.ots`}
                label={deposit.opentimestamps === 'complete' ? texts.fileProofComplete : texts.fileProofPending}
                about={name.name}
              />
            )}
          </div>
        </article>
      ))}
    </section>
  );
}

function isImage(mediaType: string | null): boolean {
  return mediaType?.startsWith('image/') === true;
}

function StatementSection({ deposit }: { deposit: DepositDetail }) {
  const t = useText();
  const { statement } = deposit.annexes;
  const rows = (['kind', 'source', 'method', 'tool', 'purpose', 'rights'] as const).map((field) => {
    const value = statement[field];
    const words = field === 'kind' && statement.kind !== undefined ? t(kindTexts[statement.kind]) : value;
    return [field, words] as const;
  });
  return (
    <section className="card" aria-labelledby="statement-title">
      <h2 id="statement-title">{t(texts.depositStatement)}</h2>
      <dl className="facts">
        {rows.map(([field, value]) => (
          <Row key={field} label={statementTexts[`statement.${field}`] ?? { zh: field, en: field }}>
            <span className="pre-line">{value ?? t(texts.notProvided)}</span>
          </Row>
        ))}
      </dl>
    </section>
  );
}

/** What became of the content of a file whose digests came first. */
function UploadNote({ upload }: { upload: NonNullable<DepositDetail['files'][number]['upload']> }) {
  const t = useText();
  const { state, refusal, offset, sizeBytes } = upload;
  if (state === 'open') {
    return (
      <p className="hint">
        {t(texts.uploadOpen)} {percent(offset, sizeBytes)} %
      </p>
    );
  }
  return <p className="hint">{t(refusal === 'content-differs' ? texts.uploadRefused : texts.uploadExpired)}</p>;
}
