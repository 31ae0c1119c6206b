import { CodedError } from '../errors.ts';

export type NoticeErrorCode =
  | 'webhook-not-found'
  | 'webhook-address-refused'
  | 'webhook-disabled'
  | 'too-many-webhooks'
  | 'unsubscribe-token-invalid';

/** What is refused of webhooks and preferences. */
export class NoticeError extends CodedError<NoticeErrorCode> {}
