import { createTransport, type Transporter } from 'nodemailer';
import { checkMail, type Mail, type MailCarrier, MailError } from './mail.ts';
import { messageOf } from './mail-message.ts';

export interface SmtpSettings {
  host: string;
  port: number;
  /** `implicit`: from the first byte; `starttls`: asked for and required; `none`: only for a server on this machine. */
  tls: 'implicit' | 'starttls' | 'none';
  user: string | undefined;
  password: string | undefined;
}

export interface SmtpOptions {
  /** PEM; instead of the roots that Node trusts. */
  trustedRoots?: string;
  /** Of each step of a conversation; a mail is small. */
  timeoutMs?: number;
}

/** Hands mails to one SMTP server (RFC 5321), one conversation each, by nodemailer. */
export class SmtpCarrier implements MailCarrier {
  readonly #transport: Transporter;
  readonly #from: string;
  readonly #server: string;

  /** @param from an address alone, checked */
  constructor(settings: SmtpSettings, from: string, { trustedRoots, timeoutMs = 20_000 }: SmtpOptions = {}) {
    const { host, port, tls, user, password } = settings;
    this.#from = from;
    this.#server = `${host}:${port}`;
    this.#transport = createTransport({
      host,
      port,
      secure: tls === 'implicit',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'none',
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      tls: { minVersion: 'TLSv1.2', ...(trustedRoots === undefined ? {} : { ca: trustedRoots }) },
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
      maxResponseSize: 64 * 1024,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send(mail: Mail): Promise<void> {
    checkMail(mail);
    try {
      await this.#transport.sendMail(messageOf(mail, this.#from));
    } catch (cause) {
      throw mailErrorOf(cause, this.#server);
    }
  }

  close(): void {
    this.#transport.close();
  }
}

/** Only what the server says of this receiver or this mail is about the mail; the rest, its own refusal of us included, passes. */
function mailErrorOf(cause: unknown, server: string): MailError {
  const { command, responseCode, message } = cause as { command?: string; responseCode?: number; message: string };
  const isAboutMail = command === 'RCPT TO' || command === 'DATA';
  const told = `${server}: ${message}`.slice(0, 300);
  if (!isAboutMail || responseCode === undefined) return new MailError('mail-server-unreachable', told, { cause });
  const isForGood = responseCode >= 500 && responseCode !== 503;
  return new MailError(isForGood ? 'mail-rejected' : 'mail-deferred', told, { cause });
}
