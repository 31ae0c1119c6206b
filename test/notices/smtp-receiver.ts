import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  from: string;
  to: string[];
  /** As it came, header and body. */
  raw: string;
  header: string;
  isSecure: boolean;
}

/** What the server does instead of taking a mail. */
export type SmtpFault =
  | { at: 'rcpt' | 'data'; code: number }
  /** Takes the mail and ends the connection before it says so. */
  | { at: 'answer' }
  | { at: 'greeting'; code: number }
  | { at: 'silence' };

/** A real SMTP server on the loopback. */
export class SmtpReceiver {
  readonly mails: ReceivedMail[] = [];
  /** Used up one by one, the first first. */
  readonly faults: SmtpFault[] = [];
  readonly port: number;
  readonly #server: SMTPServer;

  private constructor(server: SMTPServer, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async open(options: SMTPServerOptions = {}, port = 0): Promise<SmtpReceiver> {
    let receiver: SmtpReceiver | undefined;
    const take = (at: SmtpFault['at']) =>
      receiver?.faults[0]?.at === at ? (receiver.faults.shift() as SmtpFault) : undefined;
    const refusal = (code: number) => Object.assign(new Error('as the test wants'), { responseCode: code });
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: options.key === undefined ? ['STARTTLS', 'AUTH'] : ['AUTH'],
      logger: false,
      disableReverseLookup: true,
      closeTimeout: 10,
      ...options,
      onConnect(_session, callback) {
        if (take('silence') !== undefined) return;
        const fault = take('greeting');
        callback(fault && 'code' in fault ? refusal(fault.code) : null);
      },
      onRcptTo(_address, _session, callback) {
        const fault = take('rcpt');
        callback(fault && 'code' in fault ? refusal(fault.code) : null);
      },
      onData(stream, session, callback) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const fault = take('data');
          if (fault && 'code' in fault) return callback(refusal(fault.code));
          const raw = Buffer.concat(chunks).toString('utf8');
          receiver?.mails.push({
            from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
            to: session.envelope.rcptTo.map(({ address }) => address),
            raw,
            header: raw.slice(0, raw.indexOf('\r\n\r\n')),
            isSecure: session.secure,
          });
          if (take('answer') !== undefined) {
            for (const connection of server.connections) connection.close();
            return;
          }
          callback(null);
        });
      },
    });
    server.on('error', () => {}); // Connections that a fault or a client breaks off.
    const listening = server.listen(port, '127.0.0.1');
    if (!listening.listening) await once(listening, 'listening');
    receiver = new SmtpReceiver(server, (listening.address() as AddressInfo).port);
    return receiver;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Text parts of a mail, decoded. */
export function textOf(mail: ReceivedMail, type: 'text/plain' | 'text/html'): string {
  const part = mail.raw.split(/\r\n--[^\r\n]+\r\n/).find((each) => each.includes(`Content-Type: ${type}`)) ?? mail.raw;
  const body = part.slice(part.indexOf('\r\n\r\n') + 4);
  const encoding = /Content-Transfer-Encoding: (\S+)/i.exec(part)?.[1]?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(body.replace(/\s/g, ''), 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The subject, decoded. */
export function subjectOf(mail: ReceivedMail): string {
  const folded = /^Subject: (.*(?:\r\n[ \t].*)*)/m.exec(mail.header)?.[1] ?? '';
  const joined = folded.replace(/\r\n[ \t]/g, ' ').replace(/\?= =\?/g, '?==?');
  const words = joined.replace(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi, (_all, how: string, text: string) =>
    how.toUpperCase() === 'B'
      ? Buffer.from(text, 'base64').toString('latin1')
      : text
          .replace(/_/g, ' ')
          .replace(/=([0-9A-F]{2})/gi, (_h, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  );
  return Buffer.from(words, 'latin1').toString('utf8');
}
