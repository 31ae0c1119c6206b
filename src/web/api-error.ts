import { CodedError } from '../errors.ts';
import type { Text } from './texts.ts';

/** What the service refused, or that it could not be reached (`network`) or understood (`unexpected-answer`). */
export class ApiError extends CodedError {
  /** 0 if there was no answer. */
  readonly status: number;
  /** The service's own words for the code. */
  readonly title: Text | undefined;
  /** Set where the deposit was kept although the answer is an error. */
  readonly depositId: string | undefined;

  constructor(code: string, message: string, more: { status?: number; title?: Text; depositId?: string } = {}) {
    super(code, message);
    this.status = more.status ?? 0;
    this.title = more.title;
    this.depositId = more.depositId;
  }
}
