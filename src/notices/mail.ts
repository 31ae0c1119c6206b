import { CodedError } from '../errors.ts';

/** One mail to one person. There are no attachments. */
export interface Mail {
  /** An address alone, without a name. */
  to: string;
  /** Seen on lock screens and by servers on the way: never a file name, a title, a person's name or a secret. */
  subject: string;
  text: string;
  /** The same as a whole document that loads nothing. */
  html?: string;
  /** Left of the `@` of its Message-ID; the same for a repetition, so that mail programs show one. A random one if left out. */
  id?: string;
  /** Where these mails can be ended (RFC 2369, RFC 8058). Left out of mails that somebody asked for, such as sign-in mails. */
  unsubscribeUrl?: string;
}

/** `mail-invalid`: it could never be sent. `mail-rejected`: the server will not take it for this receiver, ever. The others pass. */
export type MailErrorCode = 'mail-invalid' | 'mail-rejected' | 'mail-deferred' | 'mail-server-unreachable';

export class MailError extends CodedError<MailErrorCode> {}

/** Takes mails to where they are handed on. */
export interface MailCarrier {
  /**
   * Resolves once the mail is in the hands of a server, or durably on disk. If it rejects, it may have been sent all the same.
   * @throws MailError
   */
  send(mail: Mail): Promise<void>;
  close(): void;
}

const MAX_ADDRESS = 254;
const MAX_SUBJECT = 200;
const MAX_BODY = 200_000;
/** RFC 5321's dot-string and a domain of letters, digits and hyphens; beside it what RFC 6531 adds. No quotes, no white space. */
const ADDRESS =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u00a1-\uffff-]{1,64}@[A-Za-z0-9\u00a1-\uffff-]+(?:\.[A-Za-z0-9\u00a1-\uffff-]+)*$/;

/** True if it can stand in a mail's header and envelope as it is. */
export function isMailAddress(address: string): boolean {
  return address.length <= MAX_ADDRESS && ADDRESS.test(address) && !hasControl(address) && !/\s/.test(address);
}

/** What no part of a mail may hold is refused here and not cleaned: it would have come from somebody. @throws MailError `mail-invalid` */
export function checkMail({ to, subject, text, html, id, unsubscribeUrl }: Mail): void {
  if (!isMailAddress(to)) throw invalid(`the receiver ${JSON.stringify(to.slice(0, 100))} is no address`);
  if (subject.length < 1 || subject.length > MAX_SUBJECT || hasControl(subject)) {
    throw invalid(`a subject has 1 to ${MAX_SUBJECT} characters and no control characters`);
  }
  if (text.length > MAX_BODY || (html ?? '').length > MAX_BODY)
    throw invalid(`a body has more than ${MAX_BODY} characters`);
  if (id !== undefined && !/^[A-Za-z0-9.-]{1,64}$/.test(id)) throw invalid('an id has 1 to 64 of A-Z a-z 0-9 . -');
  if (unsubscribeUrl !== undefined && !/^https?:\/\/[!-;=?-~]{1,500}$/.test(unsubscribeUrl)) {
    throw invalid('the address for unsubscribing is no http(s) address');
  }
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text) || !text.isWellFormed();
}

function invalid(message: string): MailError {
  return new MailError('mail-invalid', message);
}

/** As it stands between tags or in an attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
