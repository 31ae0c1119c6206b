import { CodedError } from '../../errors.ts';
import { asHash32, encodeHex, type LeafHash, parseHex, sha256 } from '../../format/bytes.ts';
import { encodeSignatureLine, verifyNote } from '../../format/note.ts';
import type { Check } from '../../format/report.ts';
import { MAX_TLOG_PROOF_BYTES, parseTlogProof, type UnverifiedTlogProof } from '../../format/tlog-proof.ts';
import { leafHash } from '../../merkle/hash.ts';
import { verifyInclusion } from '../../merkle/inclusion.ts';
import { type Facts, failed, notChecked, passed } from '../checks.ts';
import { checkCosignatures } from '../cosignatures.ts';
import { logKeys, type Trust } from '../trust.ts';
import type { HeldFile } from './held-file.ts';
import type { HeadInspector } from './inspector.ts';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1\n';

/** A `.tlog-proof` of any log (c2sp.org/tlog-proof). It does not name its entry: that has to lie beside it. */
export const tlogProofInspector: HeadInspector = {
  kind: 'tlog-proof',
  maxBytes: MAX_TLOG_PROOF_BYTES,
  recognises: (head) => String.fromCharCode(...head.subarray(0, FIRST_LINE.length)) === FIRST_LINE,
  speaksOf(bytes) {
    parseTlogProof(bytes);
    return ['sha256', 'leaf'];
  },
  async inspect(bytes, held, trust) {
    const proof = parseTlogProof(bytes);
    const { note } = proof.checkpoint;
    const others = note.signatures
      .filter((line) => line.name !== proof.checkpoint.origin)
      .map((line) => encodeSignatureLine(line).trimEnd());
    return {
      digest: encodeHex(sha256(bytes)),
      checks: [
        ...checkEntry(proof, held),
        checkOrigin(proof.checkpoint.origin, trust),
        checkSignature(proof, trust),
        checkCosignatures(note.text, others, null, trust),
      ],
      required: [
        ...(['log.entry', 'log.origin', 'log.signature'] as const),
        ...((trust.policy?.witnesses.quorum ?? 0) > 0 ? (['log.cosignatures'] as const) : []),
      ],
      times: [],
      statements: [
        { by: 'log', field: 'origin', value: proof.checkpoint.origin },
        { by: 'log', field: 'index', value: String(proof.leafIndex) },
        { by: 'log', field: 'treeSize', value: String(proof.checkpoint.treeSize) },
        ...(proof.extra === null ? [] : [{ by: 'log' as const, field: 'extra', value: encodeHex(proof.extra) }]),
      ],
      limits: [
        {
          zh: '日志证明说明条目在日志中，不说明条目的含义；见证签名中的时间是见证人自己的时钟。',
          en: 'A log proof shows that an entry is in the log, not what the entry means; times of cosignatures are the witnesses’ own clocks.',
        },
      ],
    };
  },
};

/** Entries that a file can stand for: its bytes, or its SHA-256 as 32 raw bytes. */
function leavesOf(file: HeldFile): { entry: string; leaf: LeafHash }[] {
  const digest = { entry: 'SHA-256 of the file', leaf: leafHash(parseHex(file.sha256)) };
  if (file.digests.leaf === undefined) return [digest];
  return [{ entry: 'the file', leaf: asHash32<'LeafHash'>(parseHex(file.digests.leaf)) }, digest];
}

function checkEntry(proof: UnverifiedTlogProof, held: readonly HeldFile[]): Check[] {
  const { leafIndex, checkpoint } = proof;
  const facts: Facts = { leafIndex: String(leafIndex), treeSize: String(checkpoint.treeSize) };
  let refusal = 'root-mismatch';
  const isIncluded = (leaf: LeafHash) => {
    try {
      verifyInclusion(leaf, { ...proof, treeSize: checkpoint.treeSize }, checkpoint.rootHash);
      return true;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      refusal = error.code;
      return false;
    }
  };
  for (const file of held) {
    const found = leavesOf(file).find(({ leaf }) => isIncluded(leaf));
    if (found !== undefined) {
      const about = `presented ${file.sha256}`;
      return [passed('log.entry', about, { ...facts, entry: found.entry, leafHash: encodeHex(found.leaf) })];
    }
  }
  // Whatever the entry is, no proof of another length leads anywhere.
  if (!isIncluded(asHash32(new Uint8Array(32))) && refusal !== 'root-mismatch') {
    return [failed('log.entry', null, refusal, facts)];
  }
  if (proof.extra !== null) {
    const leaf = leafHash(proof.extra);
    if (isIncluded(leaf)) {
      // The proof brings its entry along; which file that stands for is not for this reader to guess.
      const entry = { ...facts, entry: 'extra data of the proof', leafHash: encodeHex(leaf) };
      return [passed('log.entry', null, entry), notChecked('file.missing', null, 'unsupported', facts)];
    }
  }
  const files = held.filter(({ isProof, aid }) => !isProof && aid === undefined);
  if (files.length !== 1) {
    return [notChecked('file.missing', null, 'absent', { ...facts, presented: String(files.length) })];
  }
  return [failed('log.entry', `presented ${(files[0] as HeldFile).sha256}`, 'root-mismatch', facts)];
}

function checkOrigin(origin: string, trust: Trust): Check {
  if (trust.policy === undefined) return notChecked('log.origin', null, 'no-policy', { origin });
  if (logKeys(trust, origin) === undefined) return notChecked('log.origin', null, 'untrusted-key', { origin });
  return passed('log.origin', null, { origin });
}

function checkSignature({ checkpoint }: UnverifiedTlogProof, trust: Trust): Check {
  const facts = { treeSize: String(checkpoint.treeSize), rootHash: encodeHex(checkpoint.rootHash) };
  const keys = (logKeys(trust, checkpoint.origin) ?? []).filter(({ name }) => name === checkpoint.origin);
  const outcomes = keys.map((key) => ({ key, outcome: verifyNote(checkpoint.note, key) }));
  if (outcomes.some(({ outcome }) => outcome === 'invalid')) {
    return failed('log.signature', null, 'signature-invalid', facts);
  }
  const valid = outcomes.find(({ outcome }) => outcome === 'valid');
  if (valid !== undefined) return passed('log.signature', null, { ...facts, keyId: encodeHex(valid.key.keyId) });
  return notChecked('log.signature', null, trust.policy === undefined ? 'no-policy' : 'untrusted-key', facts);
}
