import { Button } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import type { CodedError } from '../../errors.ts';
import { postJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { FileDrop } from '../file-drop.tsx';
import { useText } from '../language.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { type RequestDetail, requestDetailSchema } from '../request-answers.ts';
import type { Text } from '../texts.ts';
import { digestsOf } from '../verify/verification.ts';
import { deskTexts } from './notary-texts.ts';
import { codedError } from './policy-panel.tsx';

interface DecisionSectionProps {
  request: RequestDetail;
  onDecided: () => Promise<void>;
}

/** Accept; then enter the deed, or refuse with the reason. */
export function DecisionSection({ request, onDecided }: DecisionSectionProps) {
  const t = useText();
  const [error, setError] = useState<CodedError | undefined>();
  const [busy, setBusy] = useState(false);
  const [form, setForm] = useState<'deed' | 'refusal' | undefined>();
  const decide = async (decision: object) => {
    setBusy(true);
    setError(undefined);
    try {
      await postJson(`/requests/${request.requestId}/decision`, decision, requestDetailSchema);
      setForm(undefined);
      await onDecided();
    } catch (failure) {
      setError(codedError(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="card" aria-labelledby="decision-title">
      <h2 id="decision-title">{t(deskTexts.decision)}</h2>
      {error !== undefined && <ProblemAlert title={deskTexts.failed} error={error} />}
      {request.state === 'submitted' && <p className="hint">{t(deskTexts.acceptWhat)}</p>}
      {form === undefined && (
        <div className="buttons">
          {request.state === 'submitted' && (
            <Button type="primary" loading={busy} onClick={() => decide({ state: 'accepted' })}>
              {t(deskTexts.accept)}
            </Button>
          )}
          {request.state === 'accepted' && (
            <Button type="primary" onClick={() => setForm('deed')}>
              {t(deskTexts.issue)}
            </Button>
          )}
          <Button onClick={() => setForm('refusal')}>{t(deskTexts.refuse)}</Button>
        </div>
      )}
      {form === 'refusal' && <RefusalForm busy={busy} onDecide={decide} onCancel={() => setForm(undefined)} />}
      {form === 'deed' && <DeedForm busy={busy} onDecide={decide} onCancel={() => setForm(undefined)} />}
    </section>
  );
}

interface DecisionFormProps {
  busy: boolean;
  onDecide: (decision: object) => Promise<void>;
  onCancel: () => void;
}

/** What it does and cannot undo, where the reader lands. */
function FormTitle({ title, what }: { title: Text; what: Text }) {
  const t = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <h3 ref={heading} tabIndex={-1}>
        {t(title)}
      </h3>
      <p>{t(what)}</p>
    </>
  );
}

function RefusalForm({ busy, onDecide, onCancel }: DecisionFormProps) {
  const t = useText();
  const id = useId();
  return (
    <form
      aria-label={t(deskTexts.refuse)}
      onSubmit={(event) => {
        event.preventDefault();
        const reason = String(new FormData(event.currentTarget).get('reason')).trim();
        onDecide({ state: 'refused', reason });
      }}
    >
      <FormTitle title={deskTexts.refuse} what={deskTexts.refuseWhat} />
      <label htmlFor={id}>{t(deskTexts.reasonField)}</label>
      <textarea id={id} name="reason" className="native-field" rows={3} maxLength={2000} required />
      <div className="buttons">
        <Button danger htmlType="submit" loading={busy}>
          {t(deskTexts.refuse)}
        </Button>
        <Button onClick={onCancel}>{t(deskTexts.cancel)}</Button>
      </div>
    </form>
  );
}

/** The deed is hashed where it lies; only its number and digest go out. */
function DeedForm({ busy, onDecide, onCancel }: DecisionFormProps) {
  const t = useText();
  const id = useId();
  const [deed, setDeed] = useState<{ name: string; sha256: string } | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const take = async ([file]: File[]) => {
    if (file === undefined) return;
    setError(undefined);
    try {
      const { sha256 } = await digestsOf(file, [], () => {}, new AbortController().signal);
      setDeed({ name: file.name, sha256 });
    } catch (failure) {
      setError(codedError(failure));
    }
  };
  return (
    <form
      aria-label={t(deskTexts.issue)}
      onSubmit={(event) => {
        event.preventDefault();
        const deedNo = String(new FormData(event.currentTarget).get('deedNo')).trim();
        if (deed !== undefined) onDecide({ state: 'deed-issued', deedNo, deedSha256: deed.sha256 });
      }}
    >
      <FormTitle title={deskTexts.issue} what={deskTexts.issueWhat} />
      {error !== undefined && <ProblemAlert title={deskTexts.failed} error={error} />}
      <label htmlFor={id}>{t(deskTexts.deedNo)}</label>
      <input id={id} name="deedNo" className="native-field" maxLength={100} required autoComplete="off" />
      <FileDrop
        label={deskTexts.deedFile}
        hint={deskTexts.deedHint}
        choose={{ zh: `选择${deskTexts.deedFile.zh}`, en: `Choose the ${deskTexts.deedFile.en.toLowerCase()}` }}
        multiple={false}
        onFiles={take}
      >
        <div role="status">
          {deed !== undefined && (
            <>
              <p className="wrap-anywhere">
                <bdi>{deed.name}</bdi>
              </p>
              <DigestText hex={deed.sha256} />
            </>
          )}
        </div>
      </FileDrop>
      <div className="buttons">
        <Button type="primary" htmlType="submit" loading={busy} disabled={deed === undefined}>
          {t(deskTexts.issueNow)}
        </Button>
        <Button onClick={onCancel}>{t(deskTexts.cancel)}</Button>
      </div>
    </form>
  );
}
