import { insertCosignature, selectCosignatures, selectCosignedSizes } from '../db/attestations.ts';
import type { Queryable } from '../db/pool.ts';
import { parseCosignatureKey } from '../format/cosignature.ts';
import type { SignedCheckpoint } from '../log/log-reader.ts';
import type { Cosigners, CosigningOutcome } from '../log/publisher.ts';
import { type AskedLog, type AskedWitness, askWitness, type WitnessAnswer } from './witness-client.ts';
import type { WitnessSettings } from './witness-settings.ts';

export interface WitnessCircleParts {
  q: Queryable;
  log: AskedLog;
  nowMs: () => number;
  /** Told why a witness did not cosign; also of what passes by itself. */
  onTrouble: (error: unknown) => void;
}

/** How a witness last answered this process. */
export interface WitnessStatus {
  name: string;
  operator: string | null;
  state: 'not-asked' | 'ok' | 'trouble' | 'inconsistent';
  /** Set unless all is well. */
  reason: { code: string; message: string } | null;
  /** The largest tree of ours that it cosigned. */
  cosignedSize: bigint;
}

interface Member extends AskedWitness {
  vkey: string;
  status: WitnessStatus;
}

/** The witnesses that our log is told to ask. What they cosigned lies in the database; every server asks for itself. */
export class WitnessCircle implements Cosigners {
  readonly quorum: number;
  readonly withoutQuorum: 'stop' | 'mark';
  readonly #parts: WitnessCircleParts;
  readonly #timeoutMs: number;
  readonly #members: Member[];
  #sizesRead = false;

  constructor(parts: WitnessCircleParts, { witnesses, quorum, withoutQuorum, timeoutMs }: WitnessSettings) {
    this.#parts = parts;
    this.quorum = quorum;
    this.withoutQuorum = withoutQuorum;
    this.#timeoutMs = timeoutMs;
    this.#members = witnesses.map(({ vkey, url, operator }) => {
      const key = parseCosignatureKey(vkey);
      const status: WitnessStatus = {
        name: key.name,
        operator: operator ?? null,
        state: 'not-asked',
        reason: null,
        cosignedSize: 0n,
      };
      return { key, vkey, url: url.replace(/\/+$/, ''), status };
    });
  }

  status(): WitnessStatus[] {
    return this.#members.map(({ status }) => ({ ...status }));
  }

  /** Codes of why witnesses did not cosign when they were last asked; none if all did. */
  trouble(): string[] {
    return [...new Set(this.#members.flatMap(({ status }) => status.reason?.code ?? []))];
  }

  async ask(checkpoint: SignedCheckpoint, ending: AbortSignal): Promise<CosigningOutcome> {
    const { q } = this.#parts;
    await this.#readSizes();
    const { treeSize } = checkpoint;
    const stored = new Set((await selectCosignatures(q, treeSize)).map(({ vkey }) => vkey));
    const missing = this.#members.filter(({ vkey }) => !stored.has(vkey));
    const signal = AbortSignal.any([ending, AbortSignal.timeout(this.#timeoutMs)]);
    const answers = await Promise.all(missing.map((member) => this.#askOne(member, checkpoint, signal)));
    const inconsistencies = answers.flatMap((a) => (a.outcome === 'inconsistent' ? [a.detail] : []));
    const troubles = answers.flatMap((a) => (a.outcome === 'trouble' ? [a.trouble.message] : []));
    return {
      present: this.#members.length - missing.length + answers.filter((a) => a.outcome === 'cosigned').length,
      asked: this.#members.length,
      troubles,
      inconsistency: inconsistencies.length === 0 ? undefined : inconsistencies.join(' | '),
    };
  }

  async #askOne(member: Member, checkpoint: SignedCheckpoint, signal: AbortSignal): Promise<WitnessAnswer> {
    const { q, log, nowMs, onTrouble } = this.#parts;
    const { treeSize } = checkpoint;
    const { status } = member;
    const answer = await askWitness(member, checkpoint, status.cosignedSize, log, nowMs, signal);
    switch (answer.outcome) {
      case 'cosigned':
        // The row first: a line that is not stored has not been given, and is asked for again.
        await insertCosignature(q, { treeSize, vkey: member.vkey, line: answer.line, at: new Date(nowMs()) });
        Object.assign(status, { state: 'ok', reason: null, cosignedSize: treeSize });
        break;
      case 'trouble': {
        const { code, message } = answer.trouble;
        Object.assign(status, { state: 'trouble', reason: { code, message } });
        onTrouble(answer.trouble);
        break;
      }
      case 'inconsistent':
        Object.assign(status, {
          state: 'inconsistent',
          reason: { code: 'witness-inconsistency', message: answer.detail },
        });
        break;
    }
    return answer;
  }

  async #readSizes(): Promise<void> {
    if (this.#sizesRead) return;
    for (const { vkey, treeSize } of await selectCosignedSizes(this.#parts.q)) {
      const member = this.#members.find((m) => m.vkey === vkey);
      if (member !== undefined) member.status.cosignedSize = treeSize;
    }
    this.#sizesRead = true;
  }
}
