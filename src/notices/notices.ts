import type { Database } from '../db/pool.ts';
import type { MasterKeyRing } from '../storage/master-key.ts';
import { Turns } from '../turns.ts';
import type { MailCarrier } from './mail.ts';
import { MailWorker } from './mail-worker.ts';
import { NoticeFinder } from './notice-finder.ts';
import { WebhookService } from './webhook-service.ts';
import { WebhookWorker } from './webhook-worker.ts';

export interface NoticesParts {
  db: Database;
  keys: MasterKeyRing;
  /** Null: nobody is told by mail. */
  carrier: MailCarrier | null;
  /** Without a slash at the end. */
  publicUrl: string;
  version: string;
  webhookPeers: 'any' | 'public';
  stuckAfterMs: number;
  /** Between two mails to one member. */
  quietMs: number;
  pollMs: number;
  nowMs: () => number;
  onTrouble: (error: unknown) => void;
}

/** All that tells people and their systems what has happened. */
export class Notices {
  readonly webhooks: WebhookService;
  readonly #turns: Turns[];
  readonly #webhookWorker: WebhookWorker;

  constructor(parts: NoticesParts) {
    const { db, keys, carrier, publicUrl, version, webhookPeers: peers, nowMs, onTrouble } = parts;
    const finder = new NoticeFinder({ db, nowMs, stuckAfterMs: parts.stuckAfterMs, byMail: carrier !== null });
    this.#webhookWorker = new WebhookWorker({ db, keys, publicUrl, version, peers, nowMs, onTrouble });
    this.webhooks = new WebhookService({ db, keys, peers, nowMs });
    const mails =
      carrier === null ? [] : [new MailWorker({ db, carrier, publicUrl, quietMs: parts.quietMs, nowMs, onTrouble })];
    this.#turns = [finder, ...mails, this.#webhookWorker].map(
      (worker) => new Turns(patiently(() => worker.turn(), parts.pollMs, onTrouble)),
    );
  }

  /** Returns at once. */
  start(): void {
    for (const turns of this.#turns) turns.start();
  }

  /** Resolves when what is under way has ended: a request takes ten seconds at most. */
  async stop(): Promise<void> {
    await Promise.all([...this.#turns.map((turns) => turns.stop()), this.#webhookWorker.stop()]);
  }
}

/** A turn that never rejects: after failures the pauses grow, up to a minute. */
function patiently(
  turn: () => Promise<void>,
  pollMs: number,
  onTrouble: (error: unknown) => void,
): () => Promise<number> {
  let failures = 0;
  return async () => {
    try {
      await turn();
      failures = 0;
    } catch (error) {
      failures++;
      onTrouble(error);
    }
    return Math.min(pollMs * 2 ** Math.min(failures, 10), Math.max(60_000, pollMs));
  };
}
