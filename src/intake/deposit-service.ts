import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuidV7 } from 'uuid';
import {
  type DepositRow,
  insertAnnexes,
  insertDeposit,
  insertFileEntries,
  insertRecord,
  selectAnnexes,
  selectDeposit,
  selectDepositByIdempotencyKey,
  selectFileEntries,
  selectRecord,
} from '../db/deposits.ts';
import { insertObjectKeys, type ObjectPlace } from '../db/objects.ts';
import { type Database, isKnownNotCommitted, type Queryable } from '../db/pool.ts';
import { insertSubmission } from '../db/submissions.ts';
import { parseDepositorAnnex, parseStatementAnnex, type Statement } from '../format/annex.ts';
import { parseSignatureAnnex } from '../format/annex-signature.ts';
import { parseHex } from '../format/bytes.ts';
import { type DepositRecord, fileNameSchema, parseDepositRecord, parseFileEntry } from '../format/deposit.ts';
import { parseObject } from '../format/fields.ts';
import { encodeJson, type JsonValue } from '../format/json.ts';
import type { Seal } from '../format/seal.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { checkSignatureAnnex } from '../verify/annex-signature.ts';
import {
  type AssembledDeposit,
  assembleDeposit,
  type Depositor,
  type FileFacts,
  type Signing,
} from './assemble-deposit.ts';
import { assembleReceipt, type Integration } from './assemble-receipt.ts';
import { DepositError } from './deposit-error.ts';

/** A file whose ciphertext is durable under the deposit's id, or at hand to be kept in the database. */
export interface StoredFile extends FileFacts {
  mediaType: string;
  sm3: string;
  object: ObjectPlace;
  wrappedKey: Uint8Array;
}

/** What is handed in: content, hashed and stored by us under `depositId`, or only digests. */
export type DepositContent =
  | { digestSource: 'computed'; depositId: string; files: readonly StoredFile[] }
  | { digestSource: 'declared'; files: readonly FileFacts[]; signing?: Signing | undefined };

export interface DepositRequest {
  account: Depositor & { accountId: string };
  content: DepositContent;
  statement: Statement;
  /** At most 255 characters; null: every request is a deposit of its own. */
  idempotencyKey: string | null;
}

export interface ReceivedDeposit {
  depositId: string;
  leafIndex: bigint;
  /** Canonical bytes of tiezheng/receipt/v1, sealed. */
  receipt: Uint8Array;
  /** True if an earlier request with this Idempotency-Key made the deposit. */
  isRepeated: boolean;
}

export interface DepositServiceParts {
  db: Database;
  store: ObjectStore;
  sequencer: { integrated(submissionId: bigint, timeoutMs: number): Promise<Integration> };
  sealer: { seal<T extends { seals: Seal[] }>(object: T): Promise<T> };
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** Newest final block known, not more than an hour older than `nowMs`; null while there is none. */
  newestFinalBlock: (nowMs: number) => Promise<DepositRecord['notBefore']>;
  evaluation: boolean;
  /** How long an answer waits for the log before it is `log-pending`. */
  integrationTimeoutMs: number;
  /** The receipt's promise, from `receivedAt`. */
  publishWithinMs: number;
}

/**
 * Takes deposits in and answers with their receipts. The acts that cannot be undone, in order:
 *
 * 1. objects, by the upload, before `receive`. A crash after it leaves objects that no row names: `removeOrphanObjects`.
 * 2. one transaction: submission, deposit, record, annexes, file entries, object keys. A crash after it leaves a deposit that
 *    nobody was told of; it is whole, the sequencer takes it in, and the same Idempotency-Key gives its receipt.
 * 3. the leaf in the tree, under a checkpoint that the register has accepted: the sequencer's.
 * 4. the receipt, sealed and given out. It is not kept: `receipt` makes it again from what 2 and 3 left.
 */
export class DepositService {
  readonly #parts: DepositServiceParts;

  constructor(parts: DepositServiceParts) {
    this.#parts = parts;
  }

  /**
   * Owns the stored objects from the call on: whatever does not become a deposit is removed.
   * @throws DepositError `signature-refused` if the signature is over something else; `idempotency-key-reused` if the account used the key for other content; `log-pending` if the deposit
   *   is kept but the log has not taken it in within the time
   */
  async receive(request: DepositRequest): Promise<ReceivedDeposit> {
    const { account, content, idempotencyKey } = request;
    const requestDigest = digestOfRequest(request);
    if (idempotencyKey !== null) {
      const earlier = await this.#orDiscard(content, this.#earlier(account.accountId, idempotencyKey));
      if (earlier !== undefined) return this.#repeat(earlier, requestDigest, content);
    }
    const assembled = await this.#orDiscard(content, this.#assemble(request));
    let submissionId: bigint;
    try {
      submissionId = await this.#commit(request, assembled, requestDigest);
    } catch (error) {
      // Of two requests with one key at once, the second waits here for the first one's commit.
      const earlier =
        idempotencyKey !== null && isKeyTaken(error)
          ? await this.#orDiscard(content, this.#earlier(account.accountId, idempotencyKey))
          : undefined;
      if (earlier !== undefined) return this.#repeat(earlier, requestDigest, content);
      // If the commit may have happened, its objects may be needed; if not, the next start removes them.
      if (isKnownNotCommitted(error)) await this.#discard(content);
      if (isIdTaken(error)) {
        throw new DepositError(
          'invalid-digest-deposit',
          `signed.statementSalt: deposit ${assembled.record.depositId} has it`,
        );
      }
      throw error;
    }
    return this.#answer(assembled.record.depositId, submissionId, assembled, false);
  }

  /**
   * The receipt of a deposit, made again from what is kept. Its seal differs each time, all else does not.
   * @param seen what whoever asks for it sees: all that it tells is read there
   * @throws DepositError `deposit-not-found`, `deposit-erased`, `log-pending`
   */
  async receipt(seen: Queryable, depositId: string): Promise<ReceivedDeposit> {
    const row = await selectDeposit(seen, depositId);
    if (row === undefined) throw new DepositError('deposit-not-found', `there is no deposit ${depositId}`);
    return this.#answer(depositId, row.submissionId, await this.#read(seen, depositId), false);
  }

  async #assemble({ account, content, statement }: DepositRequest): Promise<AssembledDeposit> {
    const receivedAtMs = this.#parts.nowMs();
    const notBefore = await this.#parts.newestFinalBlock(receivedAtMs);
    const signing = content.digestSource === 'declared' ? content.signing : undefined;
    const depositId = content.digestSource === 'computed' ? content.depositId : (signing?.depositId ?? uuidV7());
    const { digestSource, files } = content;
    const facts = { depositId, receivedAtMs, notBefore, depositor: account, statement, digestSource, files, signing };
    const assembled = assembleDeposit(facts, () => randomBytes(32).toString('hex'));
    if (signing !== undefined) {
      // As every reader will check it: what would fail there is not taken here.
      const check = await checkSignatureAnnex(assembled.record, assembled.annexes.signature);
      if (check.status !== 'passed') {
        const because = check.status === 'failed' ? check.reason : check.status;
        throw new DepositError(
          'signature-refused',
          `the signature is not over these files and this statement: ${because}`,
        );
      }
    }
    return assembled;
  }

  #commit(
    { account, content, idempotencyKey }: DepositRequest,
    assembled: AssembledDeposit,
    requestDigest: Uint8Array,
  ) {
    const { record, annexes, files, leafData } = assembled;
    const { depositId } = record;
    return this.#parts.db.transaction(async (client) => {
      const submissionId = await insertSubmission(client, leafData);
      const receivedAt = new Date(record.receivedAt);
      const { accountId } = account;
      await insertDeposit(client, { depositId, accountId, submissionId, receivedAt, idempotencyKey, requestDigest });
      await insertRecord(client, depositId, canonical(record));
      await insertAnnexes(client, depositId, [
        { name: 'depositor', body: canonical(annexes.depositor) },
        { name: 'statement', body: canonical(annexes.statement) },
        ...(annexes.signature === undefined ? [] : [{ name: 'signature', body: canonical(annexes.signature) }]),
      ]);
      await insertFileEntries(
        client,
        depositId,
        files.map(({ entry, name }) => ({
          fileIndex: entry.index,
          body: canonical(entry),
          nameBody: canonical(name),
        })),
      );
      if (content.digestSource === 'computed') {
        await insertObjectKeys(
          client,
          content.files.map((file, fileIndex) => ({
            depositId,
            fileIndex,
            role: 'original',
            object: file.object,
            wrappedKey: file.wrappedKey,
            sizeBytes: BigInt(file.sizeBytes),
            mediaType: file.mediaType,
            sha256: parseHex(file.sha256),
            sm3: parseHex(file.sm3),
          })),
        );
      }
      return submissionId;
    });
  }

  #earlier(accountId: string, idempotencyKey: string): Promise<DepositRow | undefined> {
    return selectDepositByIdempotencyKey(this.#parts.db.pool, accountId, idempotencyKey);
  }

  async #repeat(earlier: DepositRow, requestDigest: Uint8Array, content: DepositContent): Promise<ReceivedDeposit> {
    await this.#discard(content);
    // Handed in once more by a client that does not know: what was erased does not come back by repeating a request.
    if (earlier.requestDigest === null) throw erased(earlier.depositId);
    if (!earlier.requestDigest.equals(requestDigest)) {
      throw new DepositError(
        'idempotency-key-reused',
        `this Idempotency-Key belongs to deposit ${earlier.depositId}, which has other content`,
      );
    }
    const deposit = await this.#read(this.#parts.db.pool, earlier.depositId);
    return this.#answer(earlier.depositId, earlier.submissionId, deposit, true);
  }

  async #answer(
    depositId: string,
    submissionId: bigint,
    deposit: Omit<AssembledDeposit, 'leafData'>,
    isRepeated: boolean,
  ): Promise<ReceivedDeposit> {
    const { sequencer, sealer, evaluation, integrationTimeoutMs, publishWithinMs } = this.#parts;
    const integration = await sequencer.integrated(submissionId, integrationTimeoutMs).catch((cause: unknown) => {
      throw new DepositError(
        'log-pending',
        `deposit ${depositId} is kept, but not in the log yet: ask for its receipt later`,
        { cause, depositId },
      );
    });
    const receipt = await sealer.seal(assembleReceipt(deposit, integration, { evaluation, publishWithinMs }));
    return { depositId, leafIndex: integration.leafIndex, receipt: canonical(receipt), isRepeated };
  }

  async #read(q: Queryable, depositId: string): Promise<Omit<AssembledDeposit, 'leafData'>> {
    const [record, annexRows, entryRows] = await Promise.all([
      selectRecord(q, depositId),
      selectAnnexes(q, depositId),
      selectFileEntries(q, depositId),
    ]);
    const depositor = annexRows.find((row) => row.name === 'depositor');
    const statement = annexRows.find((row) => row.name === 'statement');
    const signature = annexRows.find((row) => row.name === 'signature');
    if (record === undefined || depositor === undefined || statement === undefined || entryRows.length === 0) {
      throw erased(depositId);
    }
    return {
      record: parseDepositRecord(record),
      annexes: {
        depositor: parseDepositorAnnex(depositor.body),
        statement: parseStatementAnnex(statement.body),
        ...(signature && { signature: parseSignatureAnnex(signature.body) }),
      },
      files: entryRows.map((row) => ({
        entry: parseFileEntry(row.body),
        name: parseObject(fileNameSchema, 'tiezheng/file-name/v1', row.nameBody, 4096),
      })),
    };
  }

  /** For steps before the commit: if they fail, nothing stays. */
  async #orDiscard<T>(content: DepositContent, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      await this.#discard(content);
      throw error;
    }
  }

  /** What cannot be deleted now is an orphan: the next start removes it. */
  async #discard(content: DepositContent): Promise<void> {
    if (content.digestSource === 'declared') return;
    const names = content.files.flatMap(({ object }) => (object.kind === 'stored' ? [object.name] : []));
    await Promise.allSettled(names.map((name) => this.#parts.store.delete(name)));
  }
}

/** Names the content of a request: two with the same digest would make deposits that say the same. */
function digestOfRequest({ content, statement }: DepositRequest): Uint8Array {
  const files = content.files.map(({ name, sizeBytes, mediaType, sha256, sm3 }) =>
    // A computed media type is our finding, which another version may see otherwise; a declared one is the depositor's word.
    content.digestSource === 'declared' ? { name, sizeBytes, mediaType, sha256, sm3 } : { name, sizeBytes, sha256 },
  );
  const signing = content.digestSource === 'declared' ? content.signing : undefined;
  const said = { digestSource: content.digestSource, statement, files, ...(signing && { signing }) };
  return new Uint8Array(createHash('sha256').update(canonical(said)).digest());
}

function erased(depositId: string): DepositError {
  return new DepositError('deposit-erased', `what deposit ${depositId} says was erased; its leaf stays in the log`);
}

function isKeyTaken(error: unknown): boolean {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23505' && constraint === 'deposit_account_id_idempotency_key_key';
}

function isIdTaken(error: unknown): boolean {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23505' && constraint === 'deposit_pkey';
}

function canonical(value: object): Uint8Array {
  return encodeJson(value as JsonValue);
}
