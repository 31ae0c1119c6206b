import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import type { ServiceStatus } from '../api-answers.ts';
import { useText } from '../language.tsx';
import { PageTitle } from '../page-title.tsx';
import { useRoute } from '../route.tsx';
import { useAccount } from '../sign-in/account.tsx';
import { texts } from '../texts.ts';
import { CheckStep } from './check-step.tsx';
import { beginHandIn, endHandIn, isUnderWay, useCurrentHandIn } from './current-hand-in.ts';
import { DoneStep } from './done-step.tsx';
import { FilesStep } from './files-step.tsx';
import { clearDraft, sendDraft, useDraft } from './hand-in-draft.ts';
import { faultsOf, isLargeHandIn, isUsable } from './hand-in-limits.ts';
import { handInTexts } from './hand-in-texts.ts';
import type { Signer } from './large-hand-in.ts';
import { LargeHandInView } from './large-hand-in-view.tsx';
import { fileInMatter } from './matter-filing.ts';
import { signHandIn, signingKeys } from './passkey-signer.ts';
import { statementOf } from './statement-form.tsx';
import { isBackwards, StatementStep } from './statement-step.tsx';
import { HAND_IN_STEPS, type HandInStep, STEP_NAMES, StepHeading, StepList } from './step-list.tsx';

const ADDRESS = '/hand-in';

function addressOf(step: HandInStep): string {
  return step === 'files' ? ADDRESS : `${ADDRESS}?step=${step}`;
}

/**
 * Files → source and statement → check → done. Each step has an address, so that the browser's own back button works; what was chosen and
 * typed is kept beside the page.
 * @param query of the page's address: the step, and the deposit that was made
 */
export function HandInPage({ query, status }: { query: string; status: ServiceStatus | undefined }) {
  const t = useText();
  const { go } = useRoute();
  const { account } = useAccount();
  const me = account.state === 'signed-in' ? account.me : undefined;
  const draft = useDraft(me?.accountId ?? '');
  const current = useCurrentHandIn();
  const { files, text } = draft;
  const statement = statementOf(text);
  const keys = useSigningKeys(me?.user != null);
  const isSigned = draft.isSigned && keys.length > 0;
  const isLarge = isLargeHandIn(files, status);
  const faults = faultsOf(files, isLarge, status);

  const asked = new URLSearchParams(query);
  const depositId = asked.get('deposit') ?? undefined;
  const step = stepOf(asked.get('step'), {
    isBusy: current !== undefined && (isUnderWay(current.state) || current.state.phase === 'stopped'),
    isDone: depositId !== undefined || current !== undefined,
    hasFiles: isUsable(files, faults),
    hasStatement: !isBackwards(statement),
  });
  // Nothing is deposited yet: digests are computed, signed or on their way.
  const isBefore = step === 'done' && current !== undefined && !['uploading', 'done'].includes(current.state.phase);
  // The page's own heading has the focus on arrival; a step's has it when the reader moves between steps.
  const arrivedAt = useRef(step);
  const hasMoved = useRef(false);
  if (arrivedAt.current !== step) hasMoved.current = true;

  // Whoever has gone to another page meanwhile is not called back.
  const goToMade = (made: string) => {
    if (location.pathname === ADDRESS) go(`${addressOf('done')}&deposit=${made}`);
  };
  const handIn = async () => {
    const { matter } = draft;
    if (isLarge || isSigned) {
      const signer: Signer | undefined = isSigned ? (found, said) => signHandIn(found, said, keys) : undefined;
      beginHandIn(files, statement, signer, (depositIds) => {
        void fileInMatter(matter, depositIds);
        const [made, ...others] = depositIds;
        if (made !== undefined && others.length === 0) goToMade(made);
      });
      clearDraft();
      go(addressOf('done'));
      return;
    }
    const made = await sendDraft();
    if (made === undefined) return;
    clearDraft();
    void fileInMatter(matter, [made]);
    goToMade(made);
  };
  const another = () => {
    endHandIn();
    go(ADDRESS);
  };

  return (
    <>
      <PageTitle title={t(texts.handInTitle)} />
      <StepList current={isBefore ? 'check' : step} />
      <StepHeading key={step} takesFocus={hasMoved.current}>
        {t(isBefore ? handInTexts.doneUnderWay : STEP_NAMES[step])}
      </StepHeading>
      {step === 'files' && (
        <FilesStep files={files} faults={faults} isLarge={isLarge} onNext={() => go(addressOf('statement'))} />
      )}
      {step === 'statement' && (
        <StatementStep
          draft={draft}
          statement={statement}
          offersMatters={me?.roles.includes('holder') ?? false}
          onBack={() => go(addressOf('files'))}
          onNext={() => go(addressOf('check'))}
        />
      )}
      {step === 'check' && (
        <CheckStep
          draft={draft}
          statement={statement}
          isLarge={isLarge}
          canSign={keys.length > 0}
          onFiles={() => go(addressOf('files'))}
          onStatement={() => go(addressOf('statement'))}
          onHandIn={() => void handIn()}
        />
      )}
      {step === 'done' && current !== undefined && <LargeHandInView onAnother={another} />}
      {step === 'done' && depositId !== undefined && (
        <DoneStep depositId={depositId} evaluation={status?.evaluation === true}>
          {current === undefined && <Button onClick={another}>{t(handInTexts.doneAnother)}</Button>}
        </DoneStep>
      )}
      {step === 'done' &&
        depositId === undefined &&
        current?.state.depositIds.map((made) => (
          <DoneStep key={made} depositId={made} evaluation={status?.evaluation === true} />
        ))}
    </>
  );
}

/** Of whoever is signed in as a user; none until they are known. */
function useSigningKeys(isUser: boolean): readonly string[] {
  const [keys, setKeys] = useState<readonly string[]>([]);
  useEffect(() => {
    let gone = false;
    if (isUser) signingKeys().then((found) => !gone && setKeys(found));
    return () => {
      gone = true;
    };
  }, [isUser]);
  return keys;
}

/** The step that the address asks for, or the one before it that lacks something. */
function stepOf(
  asked: string | null,
  { isBusy, isDone, hasFiles, hasStatement }: Record<'isBusy' | 'isDone' | 'hasFiles' | 'hasStatement', boolean>,
): HandInStep {
  // One at a time.
  if (isBusy) return 'done';
  const step = HAND_IN_STEPS.find((known) => known === asked) ?? 'files';
  if (step === 'done') return isDone ? 'done' : 'files';
  if (step === 'files' || !hasFiles) return 'files';
  return step === 'check' && !hasStatement ? 'statement' : step;
}
