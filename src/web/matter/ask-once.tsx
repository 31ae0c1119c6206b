import { Alert, Button } from 'antd';
import { useEffect, useId, useRef, useState } from 'react';
import { useText } from '../language.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import type { Text } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { isConflict } from './entry-form.tsx';
import { matterTexts } from './matter-texts.ts';

interface AskOnceProps {
  label: Text;
  /** Names the thing where several buttons read alike. */
  about?: string;
  /** What the act does and whether it can be undone. */
  ask: Text;
  yes?: Text;
  onYes: () => Promise<void>;
  /** After somebody else had changed it first: nothing was done. */
  onConflict?: () => Promise<unknown>;
  small?: boolean;
}

/** A button for what cannot be undone: says what it does, and asks once. */
export function AskOnce({ label, about, ask, yes = matterTexts.goOn, onYes, onConflict, small = false }: AskOnceProps) {
  const t = useText();
  const id = useId();
  const [isAsking, setIsAsking] = useState(false);
  const [conflict, setConflict] = useState(false);
  const { busy, error, run } = useAction();
  const first = useRef<HTMLButtonElement>(null);
  const no = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  useEffect(() => {
    if (isAsking) no.current?.focus();
    else if (wasAsking.current) first.current?.focus();
    wasAsking.current = isAsking;
  }, [isAsking]);
  const act = () =>
    run(async () => {
      setConflict(false);
      try {
        await onYes();
      } catch (failure) {
        if (!isConflict(failure)) throw failure;
        setConflict(true);
        await onConflict?.();
      }
      setIsAsking(false);
    });
  return (
    <>
      {isAsking ? (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame and a legend of its own
        <div role="group" aria-labelledby={id} className="ask-once">
          <p id={id}>{t(ask)}</p>
          <div className="buttons">
            <Button ref={no} size={small ? 'small' : 'middle'} onClick={() => setIsAsking(false)}>
              {t(matterTexts.keep)}
            </Button>
            <Button danger size={small ? 'small' : 'middle'} loading={busy} onClick={act}>
              {t(yes)}
            </Button>
          </div>
          {error !== undefined && <ProblemAlert title={matterTexts.failed} error={error} />}
        </div>
      ) : (
        <Button
          ref={first}
          size={small ? 'small' : 'middle'}
          aria-label={about === undefined ? undefined : `${t(label)} ${about}`}
          onClick={() => setIsAsking(true)}
        >
          {t(label)}
        </Button>
      )}
      {conflict && <Alert type="warning" showIcon role="alert" title={t(matterTexts.actConflict)} />}
    </>
  );
}
