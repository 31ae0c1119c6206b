import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { syncFolder, writeSynced } from '../storage/durable-file.ts';
import { checkMail, type Mail, type MailCarrier } from './mail.ts';
import { messageOf } from './mail-message.ts';

/**
 * Puts mails into a folder, one `.eml` file (RFC 5322) each, for whoever takes them on from there; the evaluation profile has nobody
 * who does. A file is there whole or not at all, and is on disk before `send` resolves. A repetition replaces it.
 */
export class MailFolder implements MailCarrier {
  readonly #folder: string;
  readonly #from: string;

  private constructor(folder: string, from: string) {
    this.#folder = folder;
    this.#from = from;
  }

  /** Makes the folder if it is not there. */
  static async open(folder: string, from: string): Promise<MailFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new MailFolder(folder, from);
  }

  async send(mail: Mail): Promise<void> {
    checkMail(mail);
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
    const { message } = await transport.sendMail(messageOf(mail, this.#from));
    const name = mail.id ?? `${Date.now()}-${randomUUID()}`;
    // Hidden from those who look for *.eml, and left behind by a crash here.
    const partial = join(this.#folder, `.${randomUUID()}.partial`);
    try {
      await writeSynced(partial, message as Buffer);
      await rename(partial, join(this.#folder, `${name}.eml`));
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
  }

  close(): void {}
}
