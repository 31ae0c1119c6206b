import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { insertAccount } from '../../src/db/accounts.ts';
import { insertAttestation } from '../../src/db/attestations.ts';
import { insertDeposit } from '../../src/db/deposits.ts';
import { insertCheckpoint, insertLog } from '../../src/db/leaves.ts';
import { migrate } from '../../src/db/migrate.ts';
import { insertObjectKeys } from '../../src/db/objects.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { insertSubmission } from '../../src/db/submissions.ts';
import { insertTimestampMaterial } from '../../src/db/timestamps.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { parseTimestampRequest } from '../../src/format/timestamp.ts';
import { ArchiveStamper, type ArchiveStamperParts } from '../../src/renewal/archive-stamper.ts';
import { archiveNewDeposits } from '../../src/renewal/deposit-archive.ts';
import { monthsLater } from '../../src/renewal/due.ts';
import { type RenewalOutcome, type RenewalParts, renew } from '../../src/renewal/renew.ts';
import { type RenewalSettings, renewalSettingsSchema } from '../../src/renewal/renewal-settings.ts';
import { sealBytes } from '../../src/storage/encrypted-object.ts';
import { LocalMasterKey, MasterKeyRing } from '../../src/storage/master-key.ts';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import { type ContentVault, originalObjectName } from '../../src/storage/stored-content.ts';
import { AuthorityClient, attestationOf } from '../../src/timestamp/authority-client.ts';
import type { DataObject } from '../../src/verify/evidence-record.ts';
import type { Trust } from '../../src/verify/trust.ts';
import { type Issued, issue, makeResponse, makeToken } from '../support/timestamp-world.ts';
import { authority, trusting } from '../support/trust-policy.ts';

/** A database with deposits, an archive over them, authorities that come and go, and a clock that decades pass on. */
export class ArchiveWorld {
  readonly db: Database;
  readonly vault: ContentVault;
  readonly roots: Issued[] = [];
  readonly accountId = randomUUID();
  authorities: AuthorityClient[] = [];
  nowMs = Date.parse('2026-11-22T03:00:00.000Z');
  /** Digests that authorities saw. */
  readonly imprints: Uint8Array[] = [];
  #treeSize = 0n;

  /** Opens the vault. */
  readonly masterKey = randomBytes(32);

  private constructor(db: Database) {
    this.db = db;
    this.vault = {
      store: new MemoryObjectStore(),
      keys: new MasterKeyRing(new LocalMasterKey('local', this.masterKey)),
    };
  }

  static async open(url: string): Promise<ArchiveWorld> {
    const db = openDatabase({ url, maxConnections: 6 });
    await migrate(db);
    const world = new ArchiveWorld(db);
    await insertLog(db.pool, {
      origin: 'log.example.org/2026',
      record: Uint8Array.of(1),
      leafData: new Uint8Array(32),
    });
    await insertAccount(db.pool, {
      accountId: world.accountId,
      name: 'Test',
      kind: 'person',
      identityMethod: 'none',
      identityCheckedAt: null,
    });
    return world;
  }

  /** In place of those before: one whose certificates live from one new year to another. */
  useAuthority(name: string, from: number, to: number): AuthorityClient {
    const life = { notBefore: `${from}-01-01T00:00:00Z`, notAfter: `${to}-01-01T00:00:00Z` };
    const root = issue({ name: `${name} root`, ca: true, kind: 'p384', ...life });
    const signer = issue({ name, issuer: root, kind: 'p384', ...life });
    this.roots.push(root);
    const client = new AuthorityClient(
      {
        name,
        operator: name,
        url: `https://${name.toLowerCase().replaceAll(' ', '-')}.example.org/tsa`,
        certificates: [root.der],
        policy: undefined,
        independent: true,
        hash: 'sha256',
        timeoutMs: 2000,
        maxAccuracyMs: undefined,
      },
      { nowMs: () => this.nowMs, answer: (request) => this.#answer(signer, request) },
    );
    this.authorities = [client];
    return client;
  }

  #answer(signer: Issued, der: Uint8Array): Uint8Array {
    const { imprint, nonce } = parseTimestampRequest(der);
    this.imprints.push(imprint.digest);
    this.nowMs += 1000;
    return makeResponse(
      makeToken({
        signer,
        message: new Uint8Array(),
        imprint: ({ 32: 'sha256', 48: 'sha384', 64: 'sha512' } as const)[imprint.digest.length as 32],
        imprintDigest: imprint.digest,
        genTime: new Date(this.nowMs).toISOString(),
        nonce: nonce as bigint,
      }),
    );
  }

  /** A deposit in the log, with its originals unless they are only declared. @returns its id */
  async deposit(files: readonly Uint8Array[], { held = true } = {}): Promise<string> {
    const depositId = randomUUID();
    const q = this.db.pool;
    const submissionId = await insertSubmission(q, randomBytes(32));
    await q.query('update submission set leaf_index = $1 where submission_id = $1', [submissionId]);
    const receivedAt = new Date(this.nowMs);
    const none = { idempotencyKey: null, requestDigest: null };
    await insertDeposit(q, { depositId, accountId: this.accountId, submissionId, receivedAt, ...none });
    for (const [fileIndex, content] of files.entries()) {
      const sha256 = createHash('sha256').update(content).digest();
      const entry = {
        type: 'tiezheng/file/v1',
        depositId,
        index: fileIndex,
        sizeBytes: content.length,
        mediaType: 'text/plain',
        digestSource: 'computed',
        digests: { sha256: sha256.toString('hex'), sm3: sha256.toString('hex') },
        nameCommitment: '00'.repeat(32),
        salt: randomBytes(32).toString('hex'),
      };
      await q.query('insert into file_entry (deposit_id, file_index, body, name_body) values ($1, $2, $3, $4)', [
        depositId,
        fileIndex,
        encodeJson(entry),
        Buffer.alloc(0),
      ]);
      if (held) await this.hold(depositId, fileIndex, content);
    }
    return depositId;
  }

  /** Keeps this content as the original of a file, whatever the entry says. */
  async hold(depositId: string, fileIndex: number, content: Uint8Array): Promise<void> {
    const name = originalObjectName(depositId, fileIndex);
    const { wrappedKey, ciphertext } = await sealBytes(this.vault.keys, name, Buffer.from(content));
    const digest = createHash('sha256').update(content).digest();
    await insertObjectKeys(this.db.pool, [
      {
        ...{ depositId, fileIndex, role: 'original', object: { kind: 'inline', ciphertext }, wrappedKey },
        ...{ sizeBytes: BigInt(content.length), mediaType: 'text/plain', sha256: digest, sm3: digest },
      },
    ]);
  }

  /** A published checkpoint with a token of each authority. */
  async publish(): Promise<{ treeSize: bigint; note: Uint8Array; sources: string[] }> {
    this.#treeSize += 7n;
    const treeSize = this.#treeSize;
    const note = new TextEncoder().encode(`log.example.org/2026\n${treeSize}\nroot\n\n— log.example.org/2026 sig\n`);
    const q = this.db.pool;
    await insertCheckpoint(q, { treeSize, rootHash: randomBytes(32), note });
    await q.query('insert into publication (tree_size, published_at) values ($1, $2)', [
      treeSize,
      new Date(this.nowMs),
    ]);
    for (const client of this.authorities) {
      const stamp = await client.stamp(note, { collectRevocation: true });
      const at = new Date(this.nowMs);
      const body = encodeJson(attestationOf(stamp) as unknown as JsonValue);
      const source = client.settings.url;
      await insertAttestation(q, { treeSize, type: 'rfc3161', source, body, complete: true, at });
      const { path: certificates, collected } = stamp;
      const notes = JSON.stringify(collected.notes);
      await insertTimestampMaterial(q, {
        ...{ treeSize, source, certificates, notes, collectedAt: at },
        revocation: collected.revocation,
      });
    }
    return { treeSize, note, sources: this.authorities.map(({ settings }) => settings.url) };
  }

  /** @param changes to its parts */
  stamper(changes: Partial<ArchiveStamperParts> = {}): ArchiveStamper {
    return new ArchiveStamper({
      db: this.db,
      authorities: () => this.authorities,
      nowMs: () => this.nowMs,
      lastingMs: monthsLater(0, 12),
      keyEnds: {},
      ...changes,
    });
  }

  archive(): Promise<number> {
    return archiveNewDeposits(this.db.pool, this.stamper());
  }

  parts(settings: Record<string, unknown> = {}): RenewalParts {
    return {
      db: this.db,
      stamper: this.stamper({ keyEnds: this.settings(settings).keys }),
      settings: this.settings(settings),
      nowMs: () => this.nowMs,
      vault: this.vault,
    };
  }

  settings(settings: Record<string, unknown> = {}): RenewalSettings {
    return renewalSettingsSchema.parse(settings);
  }

  renew(settings: Record<string, unknown> = {}): Promise<RenewalOutcome> {
    return renew(this.parts(settings));
  }

  /** A reader who trusts every authority that there ever was. */
  trust(): Trust {
    return trustingAuthorities(this.roots);
  }
}

export function trustingAuthorities(roots: readonly Issued[]): Trust {
  return trusting({ authorities: roots.map(({ der }) => authority(der)) });
}

export function dataObject(content: Uint8Array): DataObject {
  const of = (name: string) => new Uint8Array(createHash(name).update(content).digest());
  return { about: null, digests: { sha256: of('sha256'), sha384: of('sha384'), sha512: of('sha512') } };
}
