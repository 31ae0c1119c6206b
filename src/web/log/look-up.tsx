import { Button, Input } from 'antd';
import { type FormEvent, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { parseStatusProof, type StatusProof } from '../../format/status.ts';
import { postForBlob } from '../api-client.ts';
import { ApiError } from '../api-error.ts';
import { FileDrop } from '../file-drop.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { saveBlob } from '../save-blob.ts';
import { lookUpDigest } from '../verify/verification.ts';
import { logTexts } from './log-texts.ts';

type Outcome = { proof: StatusProof; blob: Blob } | { error: CodedError };

const STATUS_TEXTS = {
  valid: logTexts.statusValid,
  withdrawn: logTexts.statusWithdrawn,
  superseded: logTexts.statusSuperseded,
};

/** By number and file together; the file stays here. */
export function LookUp() {
  const t = useText();
  const [number, setNumber] = useState('');
  const [file, setFile] = useState<File | undefined>();
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | undefined>();
  const ask = async (event: FormEvent) => {
    event.preventDefault();
    if (file === undefined) return;
    setBusy(true);
    setOutcome(undefined);
    try {
      const certificateNo = number.trim().toUpperCase();
      const sha256 = await lookUpDigest(file);
      const blob = await postForBlob('/certificates/look-up', { certificateNo, sha256 });
      setOutcome({ proof: parseStatusProof(new Uint8Array(await blob.arrayBuffer())), blob });
    } catch (error) {
      setOutcome({ error: error instanceof CodedError ? error : new ApiError('network', String(error)) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="card" aria-labelledby="look-up-title">
      <h2 id="look-up-title">{t(logTexts.lookUp)}</h2>
      <p>{t(logTexts.lookUpLead)}</p>
      <form onSubmit={ask}>
        <label htmlFor="look-up-number">{t(logTexts.lookUpNumber)}</label>
        <Input
          id="look-up-number"
          value={number}
          placeholder="TZ-20261122-4K7Q2M9X"
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setNumber(event.target.value)}
          style={{ maxWidth: 340, display: 'block', margin: '4px 0 10px' }}
        />
        <FileDrop
          label={logTexts.lookUpFile}
          hint={logTexts.lookUpFile}
          choose={{ zh: '选择文件', en: 'Choose a file' }}
          multiple={false}
          onFiles={([chosen]) => setFile(chosen)}
        >
          {file !== undefined && (
            <p className="wrap-anywhere">
              <bdi>{file.name}</bdi>
            </p>
          )}
        </FileDrop>
        <Button type="primary" htmlType="submit" loading={busy} disabled={number.trim() === '' || file === undefined}>
          {t(logTexts.lookUpStart)}
        </Button>
      </form>
      <div role="status">{outcome !== undefined && 'proof' in outcome && <Found {...outcome} />}</div>
      {outcome !== undefined &&
        'error' in outcome &&
        (outcome.error.code === 'certificate-unknown' ? (
          <p role="alert">{t(logTexts.lookUpUnknown)}</p>
        ) : (
          <ProblemAlert title={logTexts.unavailable} error={outcome.error} />
        ))}
    </section>
  );
}

function Found({ proof, blob }: { proof: StatusProof; blob: Blob }) {
  const t = useText();
  // The record of the issue itself says nothing else than that it was issued.
  const status = 'status' in proof.record ? proof.record.status : 'valid';
  return (
    <>
      <dl className="facts">
        <Row label={logTexts.lookUpNumber}>{proof.certificateNo}</Row>
        <Row label={logTexts.lookUpStatus}>
          <strong>{t(STATUS_TEXTS[status])}</strong> · {t(logTexts.asOf)} {beijingTime(proof.claims.answeredAt)}
        </Row>
      </dl>
      <p className="hint">{t(logTexts.lookUpHint)}</p>
      <Button onClick={() => saveBlob(blob, `status-${proof.certificateNo}.json`)}>{t(logTexts.lookUpSave)}</Button>
    </>
  );
}
