import { keccak_256 } from '@noble/hashes/sha3.js';
import { FormatError } from '../errors.ts';
import { equalBytes, type Hash32, parseHex } from './bytes.ts';
import { encodeRlp, parseRlp, parseRlpUint, type RlpItem, type RlpLimits } from './rlp.ts';

/** What a chain calls a block by and a reader confirms with a node of his own. */
export type BlockHash = Hash32<'BlockHash'>;
/** Root of the Merkle-Patricia trie over a block's receipts. */
export type ReceiptsRoot = Hash32<'ReceiptsRoot'>;

/** The fields of an Ethereum block header on which evidence rests. The other ones count only through `hash`. */
export interface BlockHeader {
  /** Keccak-256 of the RLP: the block's hash on every chain but those of `qbftBlockHash`. */
  hash: BlockHash;
  parentHash: BlockHash;
  receiptsRoot: ReceiptsRoot;
  /** Height in the chain. */
  number: bigint;
  /** Seconds since 1970, as the block's maker set it; some permissioned chains write milliseconds (see the chain's profile). */
  timestamp: bigint;
}

/** Headers of consortium chains list their validators' seals in `extraData`; 64 KiB hold more than 600 of them. */
const HEADER_LIMITS: RlpLimits = { maxBytes: 1 << 16, maxDepth: 4, maxItems: 4096 };

/** Position, name and length of the fields that every fork since Frontier has (Yellow Paper §4.3). Lengths of numbers are limits. */
const FIELDS = [
  ['parentHash', 32],
  ['ommersHash', 32],
  ['beneficiary', 20],
  ['stateRoot', 32],
  ['transactionsRoot', 32],
  ['receiptsRoot', 32],
  ['logsBloom', 256],
  ['difficulty', { maxBytes: 32 }],
  ['number', { maxBytes: 8 }],
  ['gasLimit', { maxBytes: 8 }],
  ['gasUsed', { maxBytes: 8 }],
  ['timestamp', { maxBytes: 8 }],
  ['extraData', 'any'],
  ['mixHash', 32],
  ['nonce', 8],
] as const;

/**
 * Reads a block header from the RLP that was hashed. Fields after the first 15 (base fee, withdrawals root and what later
 * forks add) are accepted unread: the hash covers them.
 * @throws FormatError `invalid-rlp`, `too-large`, `too-deep` as `parseRlp`; `invalid-header` if a field is missing or malformed.
 */
export function parseBlockHeader(rlp: Uint8Array): BlockHeader {
  const fields = parseRlp(rlp, HEADER_LIMITS);
  if (fields instanceof Uint8Array) throw new FormatError('invalid-header', 'a block header is a list, got bytes');
  if (fields.length < FIELDS.length) {
    throw new FormatError('invalid-header', `${fields.length} fields; a block header has at least ${FIELDS.length}`);
  }
  FIELDS.forEach(([name, length], i) => {
    checkField(name, fields[i] as RlpItem, length);
  });
  return {
    hash: keccak_256(rlp) as BlockHash,
    parentHash: fields[0] as BlockHash,
    receiptsRoot: fields[5] as ReceiptsRoot,
    number: parseRlpUint(fields[8], 8),
    timestamp: parseRlpUint(fields[11], 8),
  };
}

/** The `mixHash` by which Besu and GoQuorum mark blocks of their BFT engines ("…ctical byzantine fault tolerance"). */
const BFT_MIX_HASH = parseHex('63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365');
const MIX_HASH = 13;
const EXTRA_DATA = 12;

/**
 * The hash of a block made by QBFT (Hyperledger Besu, GoQuorum): Keccak-256 of the header whose `extraData`, the list
 * [vanity, validators, vote, round, seals], has round 0 and no seals, since both differ from node to node.
 * @returns undefined if the header is not one of QBFT.
 * @throws FormatError as `parseBlockHeader`.
 */
export function qbftBlockHash(rlp: Uint8Array): BlockHash | undefined {
  parseBlockHeader(rlp);
  const fields = parseRlp(rlp, HEADER_LIMITS) as RlpItem[];
  if (!equalBytes(fields[MIX_HASH] as Uint8Array, BFT_MIX_HASH)) return undefined;
  const parts = parseQbftExtraData(fields[EXTRA_DATA] as Uint8Array);
  if (parts === undefined) return undefined;
  const [vanity, validators, vote] = parts as [RlpItem, RlpItem, RlpItem];
  const unsealed = encodeRlp([vanity, validators, vote, new Uint8Array(0), []]);
  return keccak_256(encodeRlp(fields.with(EXTRA_DATA, unsealed))) as BlockHash;
}

function parseQbftExtraData(extraData: Uint8Array): readonly RlpItem[] | undefined {
  let parts: RlpItem;
  try {
    parts = parseRlp(extraData, HEADER_LIMITS);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
  if (parts instanceof Uint8Array || parts.length !== 5) return undefined;
  const [vanity, validators, vote, round, seals] = parts;
  const wellFormed =
    vanity instanceof Uint8Array &&
    !(validators instanceof Uint8Array) &&
    !(vote instanceof Uint8Array) &&
    round instanceof Uint8Array &&
    !(seals instanceof Uint8Array);
  return wellFormed ? parts : undefined;
}

function checkField(name: string, item: RlpItem, length: number | { readonly maxBytes: number } | 'any'): void {
  if (!(item instanceof Uint8Array)) throw new FormatError('invalid-header', `${name} is a list`);
  if (typeof length === 'number') {
    if (item.length !== length)
      throw new FormatError('invalid-header', `${name} has ${item.length} bytes, not ${length}`);
  } else if (length !== 'any') {
    if (item.length > length.maxBytes) {
      throw new FormatError(
        'invalid-header',
        `${name} has ${item.length} bytes; at most ${length.maxBytes} are allowed`,
      );
    }
    if (item[0] === 0) throw new FormatError('invalid-header', `${name} has a leading zero`);
  }
}
