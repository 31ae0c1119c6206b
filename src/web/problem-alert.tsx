import { Alert } from 'antd';
import type { CodedError } from '../errors.ts';
import { ApiError } from './api-error.ts';
import { useText } from './language.tsx';
import { errorText, type Text, texts } from './texts.ts';

/** A coded error in words, with its code and the exact message for whoever has to look into it. */
export function ProblemAlert({ title, error }: { title: Text; error: CodedError }) {
  const t = useText();
  const words = errorText(error.code) ?? (error instanceof ApiError ? error.title : undefined);
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t(title)}
      description={
        <>
          <p>{t(words ?? texts.errorUnexpected)}</p>
          <p className="hint wrap-anywhere">
            {t(texts.errorCode)}: <code>{error.code}</code>
            <br />
            <span lang="en">{error.message}</span>
          </p>
        </>
      }
    />
  );
}
