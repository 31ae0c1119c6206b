import { CodedError } from '../errors.ts';
import { encodeHex, encodeUtf8, type LeafHash, parseHex } from '../format/bytes.ts';
import { parseCheckpoint, type UnverifiedCheckpoint } from '../format/checkpoint.ts';
import type { ProvedRotation } from '../format/log-event.ts';
import { parseNoteKey, verifyNote } from '../format/note.ts';
import type { Check } from '../format/report.ts';
import { verifyInclusion } from '../merkle/inclusion.ts';
import { failed, notChecked, passed } from './checks.ts';
import { checkCosignatures } from './cosignatures.ts';
import { followRotations, signs } from './rotation.ts';
import { logKeys, type Trust } from './trust.ts';

/** What is said about one checkpoint that is to cover a leaf. */
export interface LogEvidence {
  /** Signed note, exact. */
  checkpoint: string;
  /** Hex hashes. */
  inclusionProof: readonly string[];
  cosignatures: readonly string[];
}

export interface LogOutcome {
  checks: Check[];
  /** Set when the checkpoint could be read. */
  checkpoint: UnverifiedCheckpoint | undefined;
  /** True if the leaf is in the tree of this checkpoint, whoever signed it. */
  included: boolean;
}

/**
 * Is this the log we know, did it sign, and is the leaf in the tree it signed?
 * @param log `hints`: keys named in the thing verified: they tell a stranger's signature from a broken one and grant no trust.
 * `rotations`: how the log went over from a key that the reader may know to the one that signed
 */
export function checkLog(
  evidence: LogEvidence,
  leaf: LeafHash,
  log: {
    origin: string;
    leafIndex: number;
    hints: readonly string[];
    rotations?: readonly ProvedRotation[] | undefined;
  },
  about: string | null,
  trust: Trust,
): LogOutcome {
  let checkpoint: UnverifiedCheckpoint;
  try {
    checkpoint = parseCheckpoint(encodeUtf8(evidence.checkpoint));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return {
      checks: [
        failed('log.origin', about, error.code),
        failed('log.signature', about, error.code),
        failed('log.inclusion', about, error.code),
      ],
      checkpoint: undefined,
      included: false,
    };
  }
  const inclusion = checkInclusion(evidence, leaf, log.leafIndex, checkpoint, about);
  return {
    checks: [
      checkOrigin(checkpoint, log.origin, about, trust),
      checkSignature(checkpoint, log.hints, log.rotations ?? [], about, trust),
      inclusion,
      checkCosignatures(checkpoint.note.text, evidence.cosignatures, about, trust),
    ],
    checkpoint,
    included: inclusion.status === 'passed',
  };
}

function checkOrigin(checkpoint: UnverifiedCheckpoint, origin: string, about: string | null, trust: Trust): Check {
  const facts = { origin: checkpoint.origin };
  if (checkpoint.origin !== origin) return failed('log.origin', about, 'origin-mismatch', { ...facts, stated: origin });
  if (trust.policy === undefined) return notChecked('log.origin', about, 'no-policy', facts);
  if (logKeys(trust, origin) === undefined) return notChecked('log.origin', about, 'untrusted-key', facts);
  return passed('log.origin', about, facts);
}

function checkSignature(
  checkpoint: UnverifiedCheckpoint,
  hints: readonly string[],
  rotations: readonly ProvedRotation[],
  about: string | null,
  trust: Trust,
): Check {
  const facts = { treeSize: String(checkpoint.treeSize), rootHash: encodeHex(checkpoint.rootHash) };
  const named = (logKeys(trust, checkpoint.origin) ?? []).filter((key) => key.name === checkpoint.origin);
  const trusted = followRotations(named, rotations, checkpoint.origin);
  const outcomes = trusted.map((logKey) => ({ ...logKey, logKey, outcome: verifyNote(checkpoint.note, logKey.key) }));
  if (outcomes.some(({ outcome }) => outcome === 'invalid')) {
    return failed('log.signature', about, 'signature-invalid', facts);
  }
  const valid = outcomes.filter(({ outcome }) => outcome === 'valid');
  const entitled = valid.find(({ logKey }) => signs(logKey, checkpoint));
  if (entitled !== undefined) {
    const keyId = encodeHex(entitled.key.keyId);
    const since = entitled.from === undefined ? {} : { rotatedAt: String(entitled.from) };
    return passed('log.signature', about, { ...facts, keyId, ...since });
  }
  const [other] = valid;
  if (other !== undefined) {
    const isRetired = other.until !== undefined && checkpoint.treeSize > other.until;
    return failed('log.signature', about, isRetired ? 'signed-by-retired-key' : 'signed-before-its-rotation', {
      ...facts,
      keyId: encodeHex(other.key.keyId),
    });
  }

  // No key of the policy signed. Somebody's valid signature is a stranger's; none at all is a forgery of the note itself.
  const hinted = hints.some((vkey) => {
    try {
      const key = parseNoteKey(vkey);
      return key.name === checkpoint.origin && verifyNote(checkpoint.note, key) === 'valid';
    } catch {
      return false;
    }
  });
  if (!hinted && hints.length > 0) return failed('log.signature', about, 'signature-invalid', facts);
  return notChecked('log.signature', about, trust.policy === undefined ? 'no-policy' : 'untrusted-key', facts);
}

function checkInclusion(
  evidence: LogEvidence,
  leaf: LeafHash,
  leafIndex: number,
  checkpoint: UnverifiedCheckpoint,
  about: string | null,
): Check {
  const facts = { leafIndex: String(leafIndex), leafHash: encodeHex(leaf), treeSize: String(checkpoint.treeSize) };
  try {
    verifyInclusion(
      leaf,
      {
        leafIndex: BigInt(leafIndex),
        treeSize: checkpoint.treeSize,
        hashes: evidence.inclusionProof.map((hash) => parseHex(hash)),
      },
      checkpoint.rootHash,
    );
    return passed('log.inclusion', about, facts);
  } catch (error) {
    if (error instanceof CodedError) return failed('log.inclusion', about, error.code, facts);
    throw error;
  }
}
