import { Button } from 'antd';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import * as z from 'zod';
import { CodedError } from '../../errors.ts';
import { getJson, postForBlob, postJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { type Request, requestListSchema, type Step, stepListSchema } from '../request-answers.ts';
import { StepMark } from '../status-mark.tsx';
import { texts } from '../texts.ts';
import { useFocusAfter } from '../use-focus-after.ts';
import { AskOnce } from './ask-once.tsx';
import { type EntryField, EntryForm, plain } from './entry-form.tsx';
import { type Office, officesSchema } from './matter-answers.ts';
import { MatterSection } from './matter-section.tsx';
import { matterTexts, officeRoleTexts, outcomeTexts, requestStateTexts, stepText } from './matter-texts.ts';
import { itemName, type MatterView } from './matter-view.ts';

const DAY_MS = 24 * 3600_000;
const ENDED: readonly Request['state'][] = ['deed-issued', 'refused', 'withdrawn'];
const MARKS = {
  submitted: 'pending',
  accepted: 'pending',
  'deed-issued': 'passed',
  refused: 'failed',
  withdrawn: 'not-checked',
} as const;

/** Asking a notary's or mediator's office about items of the matter, and what became of it. */
export function RequestsSection({ view, mayAsk }: { view: MatterView; mayAsk: boolean }) {
  const t = useText();
  const { matterId } = view.matter;
  const [list, setList] = useState<z.infer<typeof requestListSchema> | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const [isSubmitted, setIsSubmitted] = useState(false);
  const load = useCallback(
    async (before: string | null) => {
      try {
        const query = before === null ? '' : `&before=${before}`;
        const page = await getJson(`/requests?matterId=${matterId}&limit=20${query}`, requestListSchema);
        setList((known) => ({
          requests: [...(before === null ? [] : (known?.requests ?? [])), ...page.requests],
          next: page.next,
        }));
        setError(undefined);
      } catch (failure) {
        setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
      }
    },
    [matterId],
  );
  useEffect(() => {
    load(null);
  }, [load]);
  const next = list?.next ?? null;
  return (
    <MatterSection id="requests" title={matterTexts.requests} lead={matterTexts.requestsLead}>
      {error !== undefined && <ProblemAlert title={matterTexts.unavailable} error={error} />}
      {list?.requests.length === 0 && <p>{t(matterTexts.noneYet)}</p>}
      <ul className="entries">
        {list?.requests.map((request) => (
          <RequestEntry
            key={request.requestId}
            view={view}
            request={request}
            mayAsk={mayAsk}
            reload={() => load(null)}
          />
        ))}
      </ul>
      {next !== null && <Button onClick={() => load(next)}>{t(matterTexts.more)}</Button>}
      <p role="status" className="outcome">
        {isSubmitted && t(matterTexts.submitted)}
      </p>
      {mayAsk && (
        <NewRequest
          view={view}
          onDone={async () => {
            setIsSubmitted(true);
            await load(null);
          }}
        />
      )}
    </MatterSection>
  );
}

interface RequestEntryProps {
  view: MatterView;
  request: Request;
  mayAsk: boolean;
  reload: () => Promise<void>;
}

function RequestEntry({ view, request, mayAsk, reload }: RequestEntryProps) {
  const t = useText();
  const { requestId, state, office, deed } = request;
  const path = `/requests/${requestId}`;
  return (
    <li className="entry" data-request={state}>
      <h3 className="wrap-anywhere">
        <bdi>{request.subject}</bdi> <span className="hint">{office.name}</span>
      </h3>
      <dl className="facts">
        <Row label={matterTexts.requestState}>
          <span className="health-mark">
            <StepMark status={MARKS[state]} />
            {t(requestStateTexts[state])}
          </span>{' '}
          <span className="hint">
            {t(matterTexts.since)} {beijingTime(request.stateSince)}
          </span>
        </Row>
        <Row label={matterTexts.items}>
          {request.depositCount}
          {request.expiresAt !== null && (
            <span className="hint">
              {' '}
              {t(matterTexts.until)} {beijingTime(request.expiresAt)}
            </span>
          )}
        </Row>
        {request.message !== null && (
          <Row label={matterTexts.question}>
            <span className="pre-line">{request.message}</span>
          </Row>
        )}
        {deed !== null && (
          <>
            <Row label={matterTexts.deedNo}>{deed.deedNo}</Row>
            <Row label={matterTexts.deedDigest}>
              <DigestText hex={deed.sha256} />
            </Row>
          </>
        )}
        {request.reason !== null && (
          <Row label={matterTexts.refusalReason}>
            <span className="pre-line">{request.reason}</span>
          </Row>
        )}
      </dl>
      <Unfolded summary={`${t(matterTexts.steps)} · ${request.subject}`}>
        <Steps view={view} path={path} mayAnswer={mayAsk && !ENDED.includes(state)} />
      </Unfolded>
      {mayAsk && !ENDED.includes(state) && (
        <div className="buttons no-print">
          <AskOnce
            small
            label={matterTexts.withdraw}
            about={request.subject}
            ask={matterTexts.withdrawAsk}
            onYes={async () => {
              try {
                await postJson(`${path}/withdrawal`, {}, z.unknown());
              } finally {
                await reload();
              }
            }}
          />
        </div>
      )}
    </li>
  );
}

/** Asks for what is inside when it is unfolded. */
function Unfolded({ summary, children }: { summary: string; children: ReactNode }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary className="wrap-anywhere">{summary}</summary>
      {isOpen && children}
    </details>
  );
}

function Steps({ view, path, mayAnswer }: { view: MatterView; path: string; mayAnswer: boolean }) {
  const t = useText();
  const [steps, setSteps] = useState<readonly Step[] | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const [isAnswering, setIsAnswering] = useState(false);
  const button = useFocusAfter(isAnswering);
  const load = useCallback(async () => {
    try {
      const all: Step[] = [];
      for (let after: number | null = null; ; ) {
        const query: string = after === null ? '' : `&after=${after}`;
        const page: z.infer<typeof stepListSchema> = await getJson(`${path}/steps?limit=100${query}`, stepListSchema);
        all.push(...page.steps);
        after = page.next;
        if (after === null) break;
      }
      setSteps(all);
    } catch (failure) {
      setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
    }
  }, [path]);
  useEffect(() => {
    load();
  }, [load]);
  if (error !== undefined) return <ProblemAlert title={matterTexts.unavailable} error={error} />;
  if (steps === undefined) return <p role="status">{t(texts.loading)}</p>;
  const aboutWhat = (depositId: string) => {
    const item = view.parts.items.find((each) => each.depositId === depositId);
    return item === undefined
      ? depositId
      : `${item.position}. ${itemName(view, item.itemId) ?? t(matterTexts.untitled)}`;
  };
  return (
    <>
      <ol className="step-list">
        {steps.map((step) => (
          <li key={step.stepId} className="wrap-anywhere">
            <strong>{t(stepText(step.kind))}</strong> <span className="hint">{beijingTime(step.at)}</span>{' '}
            <bdi>{step.accountName}</bdi>
            {step.depositId !== null && <> · {aboutWhat(step.depositId)}</>}
            {step.outcome !== null && <> · {t(outcomeTexts[step.outcome])}</>}
            {step.remark !== null && <p className="pre-line">{step.remark}</p>}
          </li>
        ))}
      </ol>
      {mayAnswer && !isAnswering && (
        <Button ref={button} size="small" onClick={() => setIsAnswering(true)}>
          {t(matterTexts.answer)}
        </Button>
      )}
      {isAnswering && (
        <EntryForm
          fields={[ANSWER_FIELD]}
          label={matterTexts.answer}
          submit={matterTexts.sendAnswer}
          onCancel={() => setIsAnswering(false)}
          send={async (said) => {
            // Answers with nothing.
            await postForBlob(`${path}/steps`, { kind: 'answered', ...said });
            await load();
            setIsAnswering(false);
          }}
        />
      )}
    </>
  );
}

const ANSWER_FIELD: EntryField = {
  name: 'remark',
  label: matterTexts.answer,
  hint: matterTexts.answerHint,
  kind: 'lines',
  maxLength: 5000,
  required: true,
};

function NewRequest({ view, onDone }: { view: MatterView; onDone: () => Promise<void> }) {
  const t = useText();
  const [offices, setOffices] = useState<readonly Office[] | undefined>();
  const [isOpen, setIsOpen] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [error, setError] = useState<CodedError | undefined>();
  const button = useFocusAfter(isOpen);
  const open = async () => {
    try {
      setOffices((await getJson('/offices', officesSchema)).offices);
      setChosen(view.parts.items.flatMap((item) => item.depositId ?? []));
      setError(undefined);
      setIsOpen(true);
    } catch (failure) {
      setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
    }
  };
  if (!isOpen || offices === undefined) {
    return (
      <>
        {error !== undefined && <ProblemAlert title={matterTexts.unavailable} error={error} />}
        <div className="buttons no-print">
          <Button ref={button} onClick={open}>
            {t(matterTexts.newRequest)}
          </Button>
        </div>
      </>
    );
  }
  if (offices.length === 0) return <p role="status">{t(matterTexts.noOffices)}</p>;
  const fields: EntryField[] = [
    {
      name: 'officeAccountId',
      label: matterTexts.office,
      kind: 'choice',
      choices: offices.map(({ accountId, name, roles }) => ({ value: accountId, text: officeText(name, roles) })),
    },
    { name: 'subject', label: matterTexts.subject, kind: 'line', maxLength: 200, required: true },
    { name: 'message', label: matterTexts.question, kind: 'lines', maxLength: 5000 },
    { name: 'days', label: matterTexts.requestDays, hint: matterTexts.requestDaysHint, kind: 'number' },
  ];
  return (
    <EntryForm
      fields={fields}
      label={matterTexts.newRequest}
      submit={matterTexts.submitRequest}
      missing={chosen.length === 0 ? matterTexts.requestNoItems : undefined}
      onCancel={() => setIsOpen(false)}
      send={async ({ days, ...said }) => {
        const { matterId } = view.matter;
        const expiresAt = days === undefined ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString();
        await postJson('/requests', { ...said, matterId, depositIds: chosen, expiresAt }, z.unknown());
        setIsOpen(false);
        await onDone();
      }}
    >
      <fieldset className="chooser">
        <legend>{t(matterTexts.requestItems)}</legend>
        <ul className="choices">
          {view.parts.items.map(({ itemId, depositId, position }) =>
            depositId === null ? null : (
              <li key={itemId}>
                <label className="wrap-anywhere">
                  <input
                    type="checkbox"
                    checked={chosen.includes(depositId)}
                    onChange={(event) => {
                      const others = chosen.filter((each) => each !== depositId);
                      setChosen(event.target.checked ? [...others, depositId] : others);
                    }}
                  />{' '}
                  {position}. <bdi>{itemName(view, itemId) ?? t(matterTexts.untitled)}</bdi>
                </label>
              </li>
            ),
          )}
        </ul>
      </fieldset>
    </EntryForm>
  );
}

function officeText(name: string, roles: readonly string[]) {
  const kinds = roles.flatMap((role) => officeRoleTexts[role] ?? []);
  if (kinds.length === 0) return plain(name);
  return {
    zh: `${name}（${kinds.map((kind) => kind.zh).join('、')}）`,
    en: `${name} (${kinds.map((kind) => kind.en).join(', ')})`,
  };
}
