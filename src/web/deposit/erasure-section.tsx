import { Button } from 'antd';
import { useEffect, useId, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { getJson, postJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { useStepUp } from '../sign-in/step-up.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { CustodyView } from './custody-view.tsx';
import { BASES, type Erasure, erasureSchema } from './item-answers.ts';
import { basisTexts, erasureGoes, erasureStays, itemTexts } from './item-texts.ts';

interface ErasureSectionProps {
  depositId: string;
  depositNo: number;
  onErased: (erasure: Erasure) => void;
}

/** For the depositor, folded away: what an erasure takes and leaves, and the number to be typed before it. */
export function ErasureSection({ depositId, depositNo, onErased }: ErasureSectionProps) {
  const t = useText();
  const id = useId();
  const guarded = useStepUp();
  const [basis, setBasis] = useState<(typeof BASES)[number]>('depositor-request');
  const [typed, setTyped] = useState('');
  const { busy, error, run } = useAction();
  const isConfirmed = typed.trim() === String(depositNo);
  const erase = () =>
    run(async () => {
      const order = { depositNo, basis };
      onErased(await guarded(() => postJson(`/deposits/${depositId}/erasure`, order, erasureSchema)));
    });
  return (
    <details className="card no-print" data-section="erasure">
      <summary>{t(itemTexts.erase)}</summary>
      <p>{t(itemTexts.eraseLead)}</p>
      <div className="erasure-lists">
        <TextList title={itemTexts.goes} texts={erasureGoes} />
        <TextList title={itemTexts.stays} texts={erasureStays} />
      </div>
      <p>
        <strong>{t(itemTexts.keepFirst)}</strong> {t(itemTexts.hold)}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isConfirmed) erase();
        }}
      >
        <div className="fields">
          <div>
            <label htmlFor={`${id}-basis`}>{t(itemTexts.basis)}</label>
            <select
              id={`${id}-basis`}
              className="native-field"
              value={basis}
              onChange={({ target }) => setBasis(BASES.find((each) => each === target.value) ?? basis)}
            >
              {BASES.map((each) => (
                <option key={each} value={each}>
                  {t(basisTexts[each])}
                </option>
              ))}
            </select>
          </div>
          <div>
            <label htmlFor={`${id}-number`}>
              {t(itemTexts.typeNumber)} <strong>{depositNo}</strong>
            </label>
            <input
              id={`${id}-number`}
              className="native-field"
              inputMode="numeric"
              autoComplete="off"
              value={typed}
              onChange={({ target }) => setTyped(target.value)}
            />
          </div>
        </div>
        <div className="buttons">
          <Button danger type="primary" htmlType="submit" disabled={!isConfirmed} loading={busy}>
            {t(itemTexts.eraseNow)}
          </Button>
        </div>
      </form>
      {error !== undefined && <ProblemAlert title={itemTexts.eraseFailed} error={error} />}
    </details>
  );
}

/** What stays of an erased deposit. @param known what the erasure itself has just answered */
export function ErasedDeposit({ depositId, known }: { depositId: string; known: Erasure | undefined }) {
  const t = useText();
  const [erasure, setErasure] = useState(known);
  const [error, setError] = useState<CodedError | undefined>();
  useEffect(() => {
    if (known !== undefined) return;
    const abort = new AbortController();
    getJson(`/deposits/${depositId}/erasure`, erasureSchema, abort.signal).then(setErasure, (failure: unknown) => {
      if (abort.signal.aborted) return;
      setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
    });
    return () => abort.abort();
  }, [depositId, known]);
  return (
    <>
      <PageTitle title={t(itemTexts.erasedTitle)} />
      {error !== undefined && <ProblemAlert title={texts.depositUnavailable} error={error} />}
      {erasure !== undefined && <Remains erasure={erasure} />}
      <CustodyView depositId={depositId} />
    </>
  );
}

function Remains({ erasure }: { erasure: Erasure }) {
  const t = useText();
  const { depositId, depositNo, receivedAt, basis, fileCount, erasedAt, completedAt, certificates } = erasure;
  return (
    <>
      <p role="status">{t(itemTexts.erasedLead)}</p>
      <section className="card" aria-labelledby="remains-title" data-section="erased">
        <h2 id="remains-title">{t(itemTexts.stays)}</h2>
        <dl className="facts">
          <Row label={texts.depositNo}>{depositNo}</Row>
          <Row label={texts.depositId}>
            <code>{depositId}</code>
          </Row>
          <Row label={texts.timeReceived}>{beijingTime(receivedAt)}</Row>
          <Row label={itemTexts.erasedFiles}>{fileCount}</Row>
          <Row label={itemTexts.erasedAt}>{beijingTime(erasedAt)}</Row>
          <Row label={itemTexts.basis}>{t(basisTexts[basis])}</Row>
          <Row label={itemTexts.objectsGone}>
            {completedAt === null
              ? t(itemTexts.objectsWait)
              : `${t(itemTexts.objectsGoneAt)} ${beijingTime(completedAt)}`}
          </Row>
          <Row label={itemTexts.withdrawnCertificates}>
            {certificates.length === 0 ? t(texts.none) : certificates.join(', ')}
          </Row>
        </dl>
        {certificates.length > 0 && <p className="hint">{t(itemTexts.certificateStill)}</p>}
      </section>
    </>
  );
}

function TextList({ title, texts: rows }: { title: Text; texts: readonly Text[] }) {
  const t = useText();
  const id = useId();
  return (
    <div>
      <h3 id={id}>{t(title)}</h3>
      <ul aria-labelledby={id}>
        {rows.map((row) => (
          <li key={row.en}>{t(row)}</li>
        ))}
      </ul>
    </div>
  );
}
