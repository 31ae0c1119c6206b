import {
  type ArchiveAlgorithm,
  type ArchivedObject,
  type CompleteStamp,
  type LeafPlace,
  selectArchiveDigests,
  selectBlind,
  selectCompleteStamp,
  selectLeafHashes,
  selectObjectPlaces,
  selectRenewalPlace,
} from '../db/archive.ts';
import { selectAttestations } from '../db/attestations.ts';
import { selectFileEntries } from '../db/deposits.ts';
import type { Queryable } from '../db/pool.ts';
import { selectTimestampMaterial } from '../db/timestamps.ts';
import { encodeHex, equalBytes, parseBase64, parseHex, parseUtf8 } from '../format/bytes.ts';
import { attestationSchema } from '../format/certificate.ts';
import { parseFileEntry } from '../format/deposit.ts';
import {
  type ArchiveTimestamp,
  encodeArchiveTimestampChain,
  encodeArchiveTimestampSequence,
  encodeEvidenceRecord,
  parseEvidenceRecord,
} from '../format/evidence-record.ts';
import { IMPRINT_OIDS } from '../format/timestamp.ts';
import { checkEvidenceRecord, imprintIn } from '../verify/evidence-record.ts';
import { openTrust } from '../verify/trust.ts';
import { digest, HashTree, sorted } from './hash-tree.ts';

/** The chains of one object as they stand now. */
export interface ObjectChains {
  chains: ArchiveTimestamp[][];
  /** Stamp that the last chain ends with; null if it ends with a publication's own token. */
  end: bigint | null;
  /** What the tokens rest on, each once: DER. */
  material: { certificates: Uint8Array[]; revocation: Uint8Array[] };
}

/** What is known of a deposit's files. */
interface Content {
  sha256: Uint8Array[];
  /** By position; -1: of the deposit as a whole. */
  blind(fileIndex: number): Promise<Uint8Array | undefined>;
  /** In the order of the files; undefined if one is missing. */
  digests(algorithm: ArchiveAlgorithm): Promise<Uint8Array[] | undefined>;
}

/** One `.ers` of a deposit. */
export interface DepositRecord {
  /** Position of the file; null: all files of a deposit that has several. */
  index: number | null;
  bytes: Uint8Array;
}

/** Trees that are kept: renewing many objects asks for few of them again and again. */
const KEPT_TREES = 16;

/** Builds RFC 4998 evidence records from rows. Stamps without a token do not count. */
export class EvidenceRecords {
  readonly #q: Queryable;
  readonly #stamps = new Map<bigint, { stamp: CompleteStamp; tree: HashTree }>();

  constructor(q: Queryable) {
    this.#q = q;
  }

  /**
   * Records of a deposit's files, and of all of them together if there are several.
   * @param index of the one file asked for; null for all together; left out: every record
   * @returns none before the first stamp, or if what the records need was erased
   */
  async ofDeposit(depositId: string, index?: number | null): Promise<DepositRecord[]> {
    const content = await this.#contentOf(depositId);
    if (content === undefined) return [];
    const several = content.sha256.length > 1;
    const asked =
      index === undefined ? [...content.sha256.keys(), ...(several ? [null] : [])] : [index ?? (several ? null : 0)];
    const records: DepositRecord[] = [];
    for (const fileIndex of asked) {
      const object: ArchivedObject =
        fileIndex === null ? { kind: 'deposit', depositId } : { kind: 'file', depositId, fileIndex };
      const built = await this.#chainsOf(object, content);
      if (built === undefined) continue;
      const first = fileIndex === null ? content.sha256 : [content.sha256[fileIndex] as Uint8Array];
      records.push({ index: fileIndex, bytes: await encodeSound(built, first) });
    }
    return records;
  }

  /** Record of a published checkpoint under one authority's token: what it proves are the checkpoint's bytes. */
  async ofPublication(treeSize: bigint, source: string): Promise<Uint8Array | undefined> {
    const built = await this.chainsOf({ kind: 'publication', treeSize, source });
    return built && encodeSound(built, undefined);
  }

  /** Undefined if there is no chain yet, or its beginning was erased. */
  async chainsOf(object: ArchivedObject): Promise<ObjectChains | undefined> {
    const content = object.kind === 'publication' ? undefined : await this.#contentOf(object.depositId);
    if (object.kind !== 'publication' && content === undefined) return undefined;
    return this.#chainsOf(object, content);
  }

  async #chainsOf(object: ArchivedObject, content: Content | undefined): Promise<ObjectChains | undefined> {
    const places = await selectObjectPlaces(this.#q, object);
    const chains: ArchiveTimestamp[][] = [];
    const material = new Material();
    let end: bigint | null = null;
    if (object.kind === 'publication') {
      const token = await this.#tokenOf(object.treeSize, object.source, material);
      if (token === undefined) return undefined;
      // Named although the token says it: some readers hold the spelling of its successors' against it.
      const chain = [{ digestAlgorithm: imprintIn(token)?.algorithm, reducedHashtree: undefined, token }];
      const next = places[0];
      if (next === undefined || next.covers !== null) {
        const renewal = await selectRenewalPlace(this.#q, object);
        if (renewal !== undefined) end = await this.#follow(chain, renewal, next?.covers ?? null, material);
      }
      chains.push(chain);
    }
    for (const [i, place] of places.entries()) {
      const { stamp, tree } = await this.#stampOf(place.stampId);
      const lists = await this.#listsOf(object, content, chains, stamp.algorithm, place, tree);
      if (lists === undefined) return undefined;
      const chain = [timestampOf(stamp, lists)];
      material.add(stamp);
      const covers = places[i + 1]?.covers ?? null;
      end = place.stampId;
      if (covers === null || covers !== place.stampId) {
        const renewal = await selectRenewalPlace(this.#q, { stampId: place.stampId });
        if (renewal !== undefined) end = await this.#follow(chain, renewal, covers, material);
      }
      chains.push(chain);
    }
    return chains.length === 0 ? undefined : { chains, end, material: material.all() };
  }

  /** Appends the timestamps that renew each other, up to `until` or the newest. @returns the last one's stamp */
  async #follow(
    chain: ArchiveTimestamp[],
    first: LeafPlace,
    until: bigint | null,
    material: Material,
  ): Promise<bigint> {
    for (let place = first; ; ) {
      const { stamp, tree } = await this.#stampOf(place.stampId);
      chain.push(timestampOf(stamp, withSiblings([new Uint8Array(place.hash)], tree.siblings(place.position))));
      material.add(stamp);
      const next = place.stampId === until ? undefined : await selectRenewalPlace(this.#q, place);
      if (next === undefined) return place.stampId;
      place = next;
    }
  }

  /** The first list, and the way up from it. Undefined if what it needs was erased. */
  async #listsOf(
    object: ArchivedObject,
    content: Content | undefined,
    older: readonly ArchiveTimestamp[][],
    algorithm: ArchiveAlgorithm,
    place: LeafPlace,
    tree: HashTree,
  ): Promise<Uint8Array[][] | undefined> {
    const siblings = tree.siblings(place.position);
    const leaf = new Uint8Array(place.hash);
    if (object.kind === 'publication' || content === undefined) return withSiblings([leaf], siblings);
    if (older.length > 0) {
      if (object.kind === 'file') return withSiblings([leaf], siblings);
      const digests = await content.digests(algorithm);
      if (digests === undefined) return undefined;
      const hash = hashOfChains(algorithm, older);
      const group = sorted(digests.map((of) => digest(algorithm, of, hash)));
      return [group, ...siblings.map((sibling) => [sibling])];
    }
    const blind = await content.blind(object.kind === 'file' ? object.fileIndex : -1);
    if (blind === undefined) return undefined;
    const up = siblings.map((sibling) => [sibling]);
    if (object.kind === 'deposit') return [sorted(content.sha256), [blind], ...up];
    return [sorted([content.sha256[object.fileIndex] as Uint8Array, blind]), ...up];
  }

  async #stampOf(stampId: bigint): Promise<{ stamp: CompleteStamp; tree: HashTree }> {
    const kept = this.#stamps.get(stampId);
    if (kept !== undefined) return kept;
    const stamp = await selectCompleteStamp(this.#q, stampId);
    if (stamp === undefined) throw new Error(`archive stamp ${stampId} has lost its token`);
    const hashes = await selectLeafHashes(this.#q, stampId);
    const read = {
      stamp,
      tree: new HashTree(
        stamp.algorithm,
        hashes.map((hash) => new Uint8Array(hash)),
      ),
    };
    if (!equalBytes(read.tree.root, stamp.root)) throw new Error(`archive stamp ${stampId} is not over its leaves`);
    if (this.#stamps.size >= KEPT_TREES) this.#stamps.delete(this.#stamps.keys().next().value as bigint);
    this.#stamps.set(stampId, read);
    return read;
  }

  async #tokenOf(treeSize: bigint, source: string, material: Material): Promise<Uint8Array | undefined> {
    const rows = await selectAttestations(this.#q, treeSize);
    const row = rows.find((each) => each.type === 'rfc3161' && each.source === source);
    if (row === undefined) return undefined;
    for (const beside of await selectTimestampMaterial(this.#q, treeSize)) {
      if (beside.source === source) material.add(beside);
    }
    return tokenIn(row.body);
  }

  async #contentOf(depositId: string): Promise<Content | undefined> {
    const entries = (await selectFileEntries(this.#q, depositId)).map(({ body }) =>
      parseFileEntry(new Uint8Array(body)),
    );
    if (entries.length === 0) return undefined;
    return {
      sha256: entries.map((entry) => parseHex(entry.digests.sha256)),
      blind: async (fileIndex) => {
        const found = await selectBlind(this.#q, depositId, fileIndex);
        return found && new Uint8Array(found);
      },
      digests: async (algorithm) => {
        const found = await selectArchiveDigests(this.#q, depositId, algorithm);
        const all = entries.map(({ index }) => found.get(index));
        return all.includes(undefined) ? undefined : (all as Uint8Array[]);
      },
    };
  }
}

/** The token of a stored attestation. */
export function tokenIn(body: Uint8Array): Uint8Array {
  const attestation = attestationSchema.parse(JSON.parse(parseUtf8(new Uint8Array(body))));
  if (attestation.type !== 'rfc3161') throw new Error(`a row of type rfc3161 holds ${attestation.type}`);
  return parseBase64(attestation.token);
}

/** What each object's hash is joined with in a hash-tree renewal (RFC 4998 §5.2). */
export function hashOfChains(algorithm: ArchiveAlgorithm, chains: readonly ArchiveTimestamp[][]): Uint8Array {
  return digest(algorithm, encodeArchiveTimestampSequence(chains.map(encodeArchiveTimestampChain)));
}

function timestampOf({ algorithm, token }: CompleteStamp, lists: Uint8Array[][]): ArchiveTimestamp {
  return {
    digestAlgorithm: IMPRINT_OIDS[algorithm],
    reducedHashtree: lists.length === 0 ? undefined : lists,
    token: new Uint8Array(token),
  };
}

/** A leaf shares its list with its neighbour, since writers differ on lists of one hash; alone in its tree it needs none. */
function withSiblings(leaf: Uint8Array[], [neighbour, ...up]: readonly Uint8Array[]): Uint8Array[][] {
  return neighbour === undefined ? [] : [sorted([...leaf, neighbour]), ...up.map((sibling) => [sibling])];
}

/** Rows of this service's own that do not fit together must not leave it as a proof. */
async function encodeSound(
  { chains, material }: ObjectChains,
  sha256: readonly Uint8Array[] | undefined,
): Promise<Uint8Array> {
  const algorithms = chains.map(([first]) => first?.digestAlgorithm);
  const bytes = encodeEvidenceRecord({
    digestAlgorithms: [...new Set(algorithms)].filter((oid) => oid !== undefined),
    material,
    chains,
  });
  const objects = (sha256 ?? []).map((hash) => ({ about: null, digests: { sha256: hash } }));
  const { checks } = await checkEvidenceRecord(
    parseEvidenceRecord(bytes),
    objects,
    openTrust(undefined, [], undefined),
  );
  const wrong = checks.find(({ status }) => status === 'failed');
  if (wrong !== undefined) throw new Error(`an evidence record of our own does not stand: ${JSON.stringify(wrong)}`);
  return bytes;
}

/** Certificates and revocation data, each once. */
class Material {
  readonly #certificates = new Map<string, Uint8Array>();
  readonly #revocation = new Map<string, Uint8Array>();

  add({ certificates, revocation }: { certificates: readonly Uint8Array[]; revocation: readonly Uint8Array[] }): void {
    for (const der of certificates) this.#certificates.set(encodeHex(der), new Uint8Array(der));
    for (const der of revocation) this.#revocation.set(encodeHex(der), new Uint8Array(der));
  }

  all(): ObjectChains['material'] {
    return { certificates: [...this.#certificates.values()], revocation: [...this.#revocation.values()] };
  }
}
