import type { Statement, StatementAnnex } from '../../format/annex.ts';
import { bytesToSign } from '../../format/annex-signature.ts';
import { encodeHex } from '../../format/bytes.ts';
import { commit } from '../../format/commitment.ts';
import type { FileEntry, FileName } from '../../format/deposit.ts';
import { fileLeafData } from '../../format/spine.ts';
import { leafHash } from '../../merkle/hash.ts';
import { rootFromLeafHashes } from '../../merkle/tree.ts';

/** What the depositor fixes before he signs; the service takes it over as it is. */
export interface Chosen {
  /** UUID of version 7. */
  depositId: string;
  /** 32 bytes as hex each, one for each file. */
  entrySalts: string[];
  nameSalts: string[];
  statementSalt: string;
}

/** A file of which the digests are handed in. */
export interface DigestedFile {
  name: string;
  sizeBytes: number;
  sha256: string;
  sm3: string;
}

/** Fresh, for so many files. @param nowMs milliseconds since 1970 */
export function choose(fileCount: number, nowMs: number): Chosen {
  const salts = () => Array.from({ length: fileCount }, () => randomHex(32));
  return { depositId: uuidAt(nowMs), entrySalts: salts(), nameSalts: salts(), statementSalt: randomHex(32) };
}

/**
 * The 32 bytes that are signed: over these files and this statement and nothing else, computed here, so that no server can have something
 * else signed.
 */
export function whatIsSigned(files: readonly DigestedFile[], statement: Statement, chosen: Chosen): Uint8Array {
  const { depositId } = chosen;
  const leaves = files.map(({ name, sizeBytes, sha256, sm3 }, index) => {
    const fileName: FileName = { type: 'tiezheng/file-name/v1', name, salt: chosen.nameSalts[index] as string };
    const entry: FileEntry = {
      type: 'tiezheng/file/v1',
      depositId,
      index,
      sizeBytes,
      mediaType: null,
      digestSource: 'declared',
      digests: { sha256, sm3 },
      nameCommitment: encodeHex(commit(fileName)),
      salt: chosen.entrySalts[index] as string,
    };
    return fileLeafData(entry);
  });
  const said: StatementAnnex = {
    type: 'tiezheng/annex/statement/v1',
    depositId,
    ...statement,
    salt: chosen.statementSalt,
  };
  return bytesToSign(encodeHex(rootFromLeafHashes(leaves.map(leafHash))), encodeHex(commit(said)));
}

/** RFC 9562 §5.7. */
function uuidAt(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  const random = randomHex(10);
  const variant = ((Number.parseInt(random.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${random.slice(0, 3)}`,
    `${variant}${random.slice(4, 7)}`,
    random.slice(8, 20),
  ].join('-');
}

function randomHex(bytes: number): string {
  return encodeHex(crypto.getRandomValues(new Uint8Array(bytes)));
}
