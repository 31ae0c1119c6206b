import { Alert, Button, Input } from 'antd';
import { type ReactNode, useEffect, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { ApiError } from '../api-error.ts';
import { useText } from '../language.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { parseRoute } from '../route.tsx';
import type { Text } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { type SignInWays, signInWays } from './sign-in-client.ts';
import { refusalText } from './sign-in-texts.ts';

/** What the pages about signing in have in common. */

interface FieldProps {
  id: string;
  label: Text;
  kind: 'email' | 'password' | 'text' | 'number';
  autoComplete: string;
  value: string;
  onChange: (value: string) => void;
  hint?: Text;
  minLength?: number;
  maxLength?: number;
  min?: number;
  max?: number;
}

/** A labelled line that must be filled in. */
export function FormField({ id, label, kind, value, onChange, hint, ...more }: FieldProps) {
  const t = useText();
  const common = {
    ...more,
    id,
    value,
    required: true,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  return (
    <div className="sign-in-field">
      <label htmlFor={id}>{t(label)}</label>
      {kind === 'password' ? <Input.Password {...common} /> : <Input {...common} type={kind} />}
      {hint !== undefined && (
        <span className="hint" id={`${id}-hint`}>
          {t(hint)}
        </span>
      )}
    </div>
  );
}

interface ActionFormProps {
  button: Text;
  /** Ends before the next one can begin. */
  onSubmit: () => Promise<void>;
  failed: Text;
  children: ReactNode;
}

/** A form with one button, that shows in words why it was refused. */
export function ActionForm({ button, onSubmit, failed, children }: ActionFormProps) {
  const t = useText();
  const { busy, error, run } = useAction();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        run(onSubmit);
      }}
    >
      {children}
      <div className="buttons">
        <Button type="primary" htmlType="submit" loading={busy}>
          {t(button)}
        </Button>
      </div>
      <Refusal title={failed} error={error} />
    </form>
  );
}

export function Refusal({ title, error }: { title: Text; error: CodedError | undefined }) {
  const t = useText();
  if (error === undefined) return null;
  const words = refusalText(error.code);
  if (words === undefined) return <ProblemAlert title={title} error={error} />;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t(title)}
      description={
        <>
          {t(words)} <code className="hint">{error.code}</code>
        </>
      }
    />
  );
}

/** How people sign in here, once the service has answered. */
export function useSignInWays(): { ways: SignInWays | undefined; error: CodedError | undefined } {
  const [ways, setWays] = useState<SignInWays | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  useEffect(() => {
    signInWays().then(setWays, (failure) =>
      setError(failure instanceof CodedError ? failure : new ApiError('network', String(failure))),
    );
  }, []);
  return { ways, error };
}

/** The page of this site that the reader wanted, `?then=…`; the first page for anything else. */
export function wantedPath(): string {
  const then = new URLSearchParams(location.search).get('then') ?? '/';
  return /^\/(?!\/)[A-Za-z0-9/_-]*$/.test(then) && parseRoute(then).page !== 'not-found' ? then : '/';
}

/** @param page `/sign-in`, `/sign-up` … */
export function comingBack(page: string, then: string): string {
  return then === '/' ? page : `${page}?then=${encodeURIComponent(then)}`;
}
