import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import type { Report } from '../../format/report.ts';
import { isInspection } from '../../verify/inspect/desk.ts';
import { identityMethodTexts, wordsFor } from '../account/account-texts.ts';
import { type Custody, custodySchema, type DepositDetail, detailSchema } from '../api-answers.ts';
import { getBlob, getJson, postForBlob } from '../api-client.ts';
import { custodyTexts, standingTexts } from '../deposit/standing-texts.ts';
import { DigestText } from '../digest-text.tsx';
import { DownloadLink, PreviewImage } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { beijingTime, sizeText } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { kindTexts, texts } from '../texts.ts';
import { ReportView } from '../verify/report-view.tsx';
import { openReadersTrust, verifySubject } from '../verify/verification.ts';
import { deskTexts } from './notary-texts.ts';
import { codedError } from './policy-panel.tsx';

interface RequestedDepositProps {
  /** Its place in the request, from 1. */
  no: number;
  requestId: string;
  depositId: string;
  policy: readonly File[];
  mayTakePackage: boolean;
  mayRecord: boolean;
  onVerified: (report: Report) => void;
  onRecorded: () => Promise<void>;
}

/** Asked for only when somebody opens it: each look is recorded. */
export function RequestedDeposit(props: RequestedDepositProps) {
  const t = useText();
  const { no, depositId } = props;
  const [isOpen, setIsOpen] = useState(false);
  const name = `${t(deskTexts.deposit)} ${no}`;
  return (
    <article className="deposited-file" data-deposit={depositId}>
      <h3>{name}</h3>
      <p className="hint wrap-anywhere">
        <code>{depositId}</code>
      </p>
      <Button
        size="small"
        aria-expanded={isOpen}
        aria-label={`${t(isOpen ? deskTexts.closeDeposit : deskTexts.openDeposit)} ${name}`}
        onClick={() => setIsOpen(!isOpen)}
      >
        {t(isOpen ? deskTexts.closeDeposit : deskTexts.openDeposit)}
      </Button>
      {isOpen && <OpenedDeposit {...props} />}
    </article>
  );
}

function OpenedDeposit(props: RequestedDepositProps) {
  const t = useText();
  const { depositId } = props;
  const [deposit, setDeposit] = useState<DepositDetail | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const abort = new AbortController();
    getJson(`/deposits/${depositId}`, detailSchema, abort.signal).then(setDeposit, (failure: unknown) => {
      if (!abort.signal.aborted) setError(codedError(failure));
    });
    return () => abort.abort();
  }, [depositId]);
  useEffect(() => {
    if (deposit !== undefined) heading.current?.focus();
  }, [deposit]);
  if (error !== undefined) return <ProblemAlert title={deskTexts.unavailable} error={error} />;
  if (deposit === undefined) return <p role="status">{t(texts.loading)}</p>;
  const { depositor, statement } = deposit.annexes;
  const { method } = depositor.identityCheck;
  return (
    <div className="opened-deposit">
      <h4 ref={heading} tabIndex={-1} className="wrap-anywhere">
        {deposit.title ?? t(texts.depositUntitled)}
      </h4>
      <dl className="facts">
        <Row label={texts.depositNo}>{deposit.leafIndex ?? t(texts.statusWaiting)}</Row>
        <Row label={texts.reportCertificateNo}>{deposit.certificate?.certificateNo ?? t(texts.downloadLater)}</Row>
        <Row label={texts.timeReceived}>{beijingTime(deposit.record.receivedAt)}</Row>
        <Row label={texts.personDepositor}>
          <bdi>{depositor.name}</bdi>{' '}
          <span className="hint">
            {t(texts.identityCheck)}:{' '}
            {t(method === 'none' ? texts.identityNotChecked : wordsFor(identityMethodTexts, method))}
          </span>
        </Row>
        {statement.kind !== undefined && <Row label={texts.fieldKind}>{t(kindTexts[statement.kind])}</Row>}
        <Row label={texts.fieldSource}>{statement.source ?? t(texts.notProvided)}</Row>
        <Row label={texts.fieldMethod}>{statement.method ?? t(texts.notProvided)}</Row>
      </dl>
      <Documents deposit={deposit} mayTakePackage={props.mayTakePackage} />
      <h4>
        {t(deskTexts.files)} ({deposit.files.length})
      </h4>
      {deposit.files.map((file) => (
        <RequestedFile
          key={file.entry.index}
          depositId={depositId}
          file={file}
          mayTakeOriginals={props.mayTakePackage}
        />
      ))}
      <CustodyList depositId={depositId} />
      <Verification {...props} deposit={deposit} />
    </div>
  );
}

function Documents({ deposit, mayTakePackage }: { deposit: DepositDetail; mayTakePackage: boolean }) {
  const t = useText();
  const { depositId, certificate, leafIndex } = deposit;
  const base = `/deposits/${depositId}`;
  const name = certificate?.certificateNo ?? depositId;
  return (
    <>
      <h4>{t(deskTexts.documents)}</h4>
      <ul>
        {certificate !== null && (
          <>
            <li>
              <DownloadLink
                path={`${base}/certificate.pdf`}
                fileName={`${name}.pdf`}
                label={texts.downloadCertificatePdf}
              />
            </li>
            <li>
              <DownloadLink
                path={`${base}/certificate.json`}
                fileName={`${name}.json`}
                label={texts.downloadCertificateJson}
              />
            </li>
            {mayTakePackage && (
              <li>
                <DownloadLink path={`${base}/package.zip`} fileName={`${name}.zip`} label={texts.downloadPackage} />
              </li>
            )}
          </>
        )}
        {leafIndex !== null && (
          <li>
            <DownloadLink
              path={`${base}/receipt.json`}
              fileName={`receipt-${depositId}.json`}
              label={texts.downloadReceipt}
            />
          </li>
        )}
        <li>
          <DownloadLink
            path={`${base}/custody.json`}
            fileName={`custody-${depositId}.json`}
            label={deskTexts.custodyFile}
          />
        </li>
      </ul>
    </>
  );
}

interface RequestedFileProps {
  depositId: string;
  file: DepositDetail['files'][number];
  mayTakeOriginals: boolean;
}

function RequestedFile({ depositId, file, mayTakeOriginals }: RequestedFileProps) {
  const t = useText();
  const { entry, name, originalHeld, preview } = file;
  const path = `/deposits/${depositId}/files/${entry.index}`;
  return (
    <div className="requested-file">
      <p className="wrap-anywhere">
        {entry.index + 1}. <bdi>{name.name}</bdi>{' '}
        <span className="hint">
          {sizeText(entry.sizeBytes)} ({entry.sizeBytes} B)
          {entry.digestSource === 'declared' && ` · ${t(texts.fileDeclared)}`}
        </span>
      </p>
      <DigestText hex={entry.digests.sha256} />
      {preview !== null && <PreviewImage path={`${path}/preview`} about={name.name} />}
      {originalHeld && mayTakeOriginals && (
        <p>
          <DownloadLink path={path} fileName={name.name} label={texts.fileOriginal} about={name.name} />
        </p>
      )}
    </div>
  );
}

function CustodyList({ depositId }: { depositId: string }) {
  const t = useText();
  const [custody, setCustody] = useState<Custody | undefined>();
  useEffect(() => {
    const abort = new AbortController();
    // Without it the rest stands; the custody file says the same to whoever asks for it.
    getJson(`/deposits/${depositId}/custody?limit=10`, custodySchema, abort.signal).then(setCustody, () => {});
    return () => abort.abort();
  }, [depositId]);
  if (custody === undefined) return null;
  return (
    <details>
      <summary>
        {t(standingTexts.custody)} ({custody.count})
      </summary>
      <ol reversed start={(custody.events[0]?.index ?? 0) + 1}>
        {custody.events.map(({ index, kind, at }) => (
          <li key={index}>
            {t(custodyTexts[kind] ?? { zh: kind, en: kind })} <span className="hint">{beijingTime(at)}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}

const OUTCOMES = {
  'required-passed': 'consistent',
  failed: 'inconsistent',
  incomplete: 'not-checked',
  'no-policy': 'not-checked',
} as const satisfies Record<Report['conclusion'], string>;

/** Fetched from the service, verified here by the same code as everywhere, under the office's own policy. */
function Verification(props: RequestedDepositProps & { deposit: DepositDetail }) {
  const t = useText();
  const { no, requestId, depositId, deposit, policy, mayTakePackage, mayRecord, onVerified, onRecorded } = props;
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CodedError | undefined>();
  const [report, setReport] = useState<Report | undefined>();
  const [record, setRecord] = useState<'open' | 'busy' | 'done'>('open');
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (report !== undefined) heading.current?.focus();
  }, [report]);
  const { certificate } = deposit;
  if (certificate === null) return <p>{t(deskTexts.notCertified)}</p>;
  const verify = async (kind: 'certificate' | 'package') => {
    setBusy(true);
    setError(undefined);
    setReport(undefined);
    setRecord('open');
    try {
      const fileName = `${certificate.certificateNo}.${kind === 'package' ? 'zip' : 'json'}`;
      const path = kind === 'package' ? 'package.zip' : 'certificate.json';
      const file = new File([await getBlob(`/deposits/${depositId}/${path}`)], fileName);
      const trust = await openReadersTrust(policy, []);
      const { verdict } = await verifySubject({ kind, file }, [], trust, () => {}, new AbortController().signal);
      if (isInspection(verdict)) throw new Error('a certificate gives a report');
      setReport(verdict);
      onVerified(verdict);
    } catch (failure) {
      setError(codedError(failure));
    } finally {
      setBusy(false);
    }
  };
  const keep = async (found: Report) => {
    setRecord('busy');
    setError(undefined);
    try {
      await postForBlob(`/deposits/${depositId}/custody/verifications`, {
        conclusion: found.conclusion,
        sha256: found.subject.digest,
      });
      await postForBlob(`/requests/${requestId}/steps`, {
        kind: 'package-verified',
        depositId,
        outcome: OUTCOMES[found.conclusion],
        remark: remarkOf(found),
      });
      setRecord('done');
      await onRecorded();
    } catch (failure) {
      setError(codedError(failure));
      setRecord('open');
    }
  };
  return (
    <section aria-labelledby={`verified-${no}`}>
      <h4 id={`verified-${no}`}>{t(deskTexts.verifiedTitle)}</h4>
      <div className="buttons">
        <Button type="primary" disabled={busy} onClick={() => verify('certificate')}>
          {t(deskTexts.verifyCertificate)}
        </Button>
        {mayTakePackage && (
          <Button disabled={busy} onClick={() => verify('package')}>
            {t(deskTexts.verifyPackage)}
          </Button>
        )}
      </div>
      {mayTakePackage && <p className="hint">{t(deskTexts.packageLarge)}</p>}
      <p role="status">{busy && t(deskTexts.fetching)}</p>
      {error !== undefined && <ProblemAlert title={deskTexts.failed} error={error} />}
      {report !== undefined && (
        <>
          <ReportView
            report={report}
            name={certificate.certificateNo}
            idPrefix={`deposit-${no}-`}
            toolDigest={null}
            onConfirm={undefined}
            headingRef={heading}
          />
          {mayRecord && (
            <div className="buttons">
              <Button disabled={record === 'done'} loading={record === 'busy'} onClick={() => keep(report)}>
                {t(deskTexts.recordResult)}
              </Button>
              <span role="status">{record === 'done' && t(deskTexts.recorded)}</span>
              <span className="hint">{t(deskTexts.recordWhat)}</span>
            </div>
          )}
        </>
      )}
    </section>
  );
}

/** What was held against which policy, in words that stand in the steps for good. */
function remarkOf({ subject, policy, verifier, conclusion }: Report): string {
  return `${subject.kind} ${subject.certificateNo ?? ''}; SHA-256 ${subject.digest}; policy ${policy ?? 'none'}; ${verifier.name} ${verifier.version}; ${conclusion}`;
}
