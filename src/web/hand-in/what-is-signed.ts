import type { Statement, StatementAnnex } from '../../format/annex.ts';
import { bytesToSign, signedDepositId } from '../../format/annex-signature.ts';
import { encodeHex } from '../../format/bytes.ts';
import { commit } from '../../format/commitment.ts';
import type { FileEntry, FileName } from '../../format/deposit.ts';
import { utcTimeOf } from '../../format/fields.ts';
import { fileLeafData } from '../../format/spine.ts';
import { leafHash } from '../../merkle/hash.ts';
import { rootFromLeafHashes } from '../../merkle/tree.ts';

/** What the depositor fixes before he signs; the service takes it over as it is. */
export interface Chosen {
  /** UTC. */
  chosenAt: string;
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
  const salts = () => Array.from({ length: fileCount }, randomSalt);
  return { chosenAt: utcTimeOf(nowMs), entrySalts: salts(), nameSalts: salts(), statementSalt: randomSalt() };
}

/**
 * The 32 bytes that are signed: over these files and this statement and nothing else, computed here, so that no server can have something
 * else signed.
 */
export function whatIsSigned(files: readonly DigestedFile[], statement: Statement, chosen: Chosen): Uint8Array {
  const depositId = signedDepositId(chosen.chosenAt, chosen.statementSalt);
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

function randomSalt(): string {
  return encodeHex(crypto.getRandomValues(new Uint8Array(32)));
}
