import { Alert, Button, Input } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { postForBlob, postJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { saveBlob } from '../save-blob.ts';
import { texts } from '../texts.ts';
import { HandedItems } from './handed-items.tsx';
import { type HandOverView, handOverViewSchema } from './sharing-answers.ts';
import { handOverStateTexts, handOverTexts, receiverKindTexts } from './sharing-texts.ts';

/** Where somebody without an account confirms by a one-time link. The token stands behind the `#` and goes into bodies alone. */
export function HandOverPage() {
  const t = useText();
  const token = useFragment();
  return (
    <>
      <PageTitle title={t(handOverTexts.title)} />
      <p>{t(handOverTexts.lead)}</p>
      <Confirmation key={token} token={token} />
    </>
  );
}

function useFragment(): string {
  const [fragment, setFragment] = useState(location.hash.slice(1));
  useEffect(() => {
    const follow = () => setFragment(location.hash.slice(1));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return fragment;
}

function Confirmation({ token }: { token: string }) {
  const t = useText();
  const [handOver, setHandOver] = useState<HandOverView | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const [receipt, setReceipt] = useState<Blob | undefined>();
  useEffect(() => {
    let gone = false;
    // Without a token there is nothing to ask.
    const asked =
      token === ''
        ? Promise.reject(new CodedError('confirmation-link-invalid', 'the address ends without a token'))
        : postJson('/hand-over-link/open', { token }, handOverViewSchema);
    asked.then(
      (found) => !gone && setHandOver(found),
      (failure: unknown) => !gone && setError(codedError(failure)),
    );
    return () => {
      gone = true;
    };
  }, [token]);
  if (handOver === undefined) {
    return error === undefined ? <p role="status">{t(texts.loading)}</p> : <Refusal error={error} />;
  }
  return (
    <>
      <Statement handOver={handOver} state={receipt === undefined ? handOver.state : 'confirmed'} />
      {receipt === undefined ? (
        <ConfirmForm token={token} onConfirmed={setReceipt} />
      ) : (
        <Receipt receipt={receipt} fileName={`hand-over-${handOver.handOverId}.json`} />
      )}
    </>
  );
}

/** Used, expired, cancelled and unknown links read the same. */
function Refusal({ error }: { error: CodedError }) {
  const t = useText();
  if (error.code !== 'confirmation-link-invalid') return <ProblemAlert title={handOverTexts.failed} error={error} />;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t(handOverTexts.refused)}
      description={
        <>
          <p>{t(handOverTexts.refusedWhy)}</p>
          <p className="hint">
            {t(texts.errorCode)}: <code>{error.code}</code>
          </p>
        </>
      }
    />
  );
}

function Statement({ handOver, state }: { handOver: HandOverView; state: HandOverView['state'] }) {
  const t = useText();
  const { giver, receiver, items, note, handedOverAt, expiresAt, depositId } = handOver.statement;
  return (
    <section className="card" aria-labelledby="statement-title" data-state={state}>
      <h2 id="statement-title">{t(handOverTexts.what)}</h2>
      <dl className="facts">
        <Row label={handOverTexts.state}>{t(handOverStateTexts[state])}</Row>
        <Row label={handOverTexts.giver}>
          <bdi>{giver.name}</bdi>
        </Row>
        <Row label={handOverTexts.receiver}>
          {t(receiverKindTexts[receiver.kind])} ·{' '}
          <span className="wrap-anywhere">
            <bdi>{receiver.name}</bdi>
          </span>
        </Row>
        <Row label={texts.depositId}>
          <code>{depositId}</code>
        </Row>
        <Row label={handOverTexts.handedOverAt}>{beijingTime(handedOverAt)}</Row>
        <Row label={handOverTexts.expiresAt}>{beijingTime(expiresAt)}</Row>
        <Row label={handOverTexts.note}>
          <span className="pre-line">{note ?? t(texts.notProvided)}</span>
        </Row>
      </dl>
      <h3>
        {t(handOverTexts.items)} ({items.length})
      </h3>
      <p className="hint">{t(handOverTexts.compare)}</p>
      <HandedItems items={items} />
    </section>
  );
}

function ConfirmForm({ token, onConfirmed }: { token: string; onConfirmed: (receipt: Blob) => void }) {
  const t = useText();
  const id = useId();
  const [name, setName] = useState('');
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<CodedError | undefined>();
  const confirm = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const said = note.trim() === '' ? {} : { note: note.trim() };
      onConfirmed(await postForBlob('/hand-over-link/confirm', { token, name: name.trim(), ...said }));
    } catch (failure) {
      setError(codedError(failure));
      setBusy(false);
    }
  };
  return (
    <section className="card" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{t(handOverTexts.confirm)}</h2>
      <p id={`${id}-lead`}>{t(handOverTexts.confirmLead)}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== '') confirm();
        }}
      >
        <div className="fields">
          <div>
            <label htmlFor={`${id}-name`}>{t(handOverTexts.name)}</label>
            <Input
              id={`${id}-name`}
              autoComplete="name"
              required
              maxLength={300}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
          <div>
            <label htmlFor={`${id}-note`}>{t(handOverTexts.confirmNote)}</label>
            <Input.TextArea
              id={`${id}-note`}
              maxLength={1000}
              autoSize={{ minRows: 1, maxRows: 8 }}
              value={note}
              onChange={(event) => setNote(event.target.value)}
            />
          </div>
        </div>
        <div className="buttons">
          <Button
            type="primary"
            htmlType="submit"
            loading={busy}
            disabled={name.trim() === ''}
            aria-describedby={`${id}-lead`}
          >
            {t(handOverTexts.confirm)}
          </Button>
        </div>
      </form>
      {error !== undefined && <Refusal error={error} />}
    </section>
  );
}

function Receipt({ receipt, fileName }: { receipt: Blob; fileName: string }) {
  const t = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  const isSaved = useRef(false);
  useEffect(() => {
    heading.current?.focus();
    const ask = (event: BeforeUnloadEvent) => {
      if (!isSaved.current) event.preventDefault();
    };
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, []);
  return (
    <section className="card" aria-labelledby="receipt-title">
      <h2 id="receipt-title" ref={heading} tabIndex={-1}>
        {t(handOverTexts.confirmed)}
      </h2>
      <p>{t(handOverTexts.confirmedWhy)}</p>
      <div className="buttons">
        <Button
          type="primary"
          onClick={() => {
            saveBlob(receipt, fileName);
            isSaved.current = true;
          }}
        >
          {t(handOverTexts.saveReceipt)}
        </Button>
      </div>
      <p className="hint">{t(handOverTexts.receiptStands)}</p>
    </section>
  );
}

function codedError(failure: unknown): CodedError {
  return failure instanceof CodedError ? failure : new CodedError('internal', String(failure));
}
