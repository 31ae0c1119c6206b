import type { DepositorAnnex, Statement, StatementAnnex } from '../format/annex.ts';
import type { SignatureAnnex } from '../format/annex-signature.ts';
import { encodeHex, type LeafData } from '../format/bytes.ts';
import { commit } from '../format/commitment.ts';
import type { DepositRecord, FileEntry, FileName } from '../format/deposit.ts';
import { utcTimeOf } from '../format/fields.ts';
import { depositLeafData, fileLeafData } from '../format/spine.ts';
import { leafHash } from '../merkle/hash.ts';
import { rootFromLeafHashes } from '../merkle/tree.ts';

/** Who hands in, as far as the record says it. */
export interface Depositor {
  name: string;
  kind: DepositorAnnex['kind'];
  /** `none` if nobody checked. */
  identityMethod: string;
  identityCheckedAt: Date | null;
  /** In words; null if nobody is named. */
  identityCheckedBy: string | null;
}

/** What is recorded of one file. Digests are lower-case hex. */
export interface FileFacts {
  /** Passed `checkFileName`. */
  name: string;
  /** At least 1. */
  sizeBytes: number;
  mediaType: string | null;
  sha256: string;
  sm3: string | null;
}

/**
 * What a depositor fixed before the deposit came here, so that he could sign it, and his signature. The salts are his: they hide what is
 * committed to from others, and are his to choose well.
 */
export interface Signing {
  depositId: string;
  /** 32 bytes as hex each, one for each file. */
  entrySalts: readonly string[];
  nameSalts: readonly string[];
  statementSalt: string;
  signed: SignatureAnnex['signed'];
}

export interface DepositFacts {
  depositId: string;
  /** Operator's clock, milliseconds since 1970. */
  receivedAtMs: number;
  notBefore: DepositRecord['notBefore'];
  depositor: Depositor;
  statement: Statement;
  digestSource: FileEntry['digestSource'];
  files: readonly FileFacts[];
  /** Its `depositId` is that of the deposit. */
  signing?: Signing | undefined;
}

/** Every committed object of a deposit, and the leaf that commits to them all. */
export interface AssembledDeposit {
  record: DepositRecord;
  files: { entry: FileEntry; name: FileName }[];
  annexes: { depositor: DepositorAnnex; statement: StatementAnnex; signature?: SignatureAnnex };
  leafData: LeafData;
}

/** `salt` gives 32 fresh random bytes as hex, once for each committed object whose salt is not given. */
export function assembleDeposit(facts: DepositFacts, salt: () => string): AssembledDeposit {
  const { depositId, depositor, signing } = facts;
  const files = facts.files.map((file, index) => {
    const name: FileName = {
      type: 'tiezheng/file-name/v1',
      name: file.name,
      salt: signing?.nameSalts[index] ?? salt(),
    };
    const entry: FileEntry = {
      type: 'tiezheng/file/v1',
      depositId,
      index,
      sizeBytes: file.sizeBytes,
      mediaType: file.mediaType,
      digestSource: facts.digestSource,
      digests: { sha256: file.sha256, sm3: file.sm3 },
      nameCommitment: encodeHex(commit(name)),
      salt: signing?.entrySalts[index] ?? salt(),
    };
    return { entry, name };
  });
  const annexes: AssembledDeposit['annexes'] = {
    depositor: {
      type: 'tiezheng/annex/depositor/v1',
      depositId,
      name: depositor.name,
      kind: depositor.kind,
      identityCheck: {
        method: depositor.identityMethod,
        checkedAt: depositor.identityCheckedAt === null ? null : utcTimeOf(depositor.identityCheckedAt.getTime()),
        ...(depositor.identityCheckedBy === null ? {} : { checkedBy: depositor.identityCheckedBy }),
      },
      salt: salt(),
    },
    statement: {
      type: 'tiezheng/annex/statement/v1',
      depositId,
      ...facts.statement,
      salt: signing?.statementSalt ?? salt(),
    },
    ...(signing && {
      signature: { type: 'tiezheng/annex/signature/v1', depositId, signed: signing.signed, salt: salt() },
    }),
  };
  const root = rootFromLeafHashes(files.map(({ entry }) => leafHash(fileLeafData(entry))));
  const record: DepositRecord = {
    type: 'tiezheng/deposit/v1',
    depositId,
    receivedAt: utcTimeOf(facts.receivedAtMs),
    notBefore: facts.notBefore,
    files: { count: files.length, root: encodeHex(root) },
    annexes: {
      depositor: encodeHex(commit(annexes.depositor)),
      statement: encodeHex(commit(annexes.statement)),
      ...(annexes.signature && { signature: encodeHex(commit(annexes.signature)) }),
    },
    salt: salt(),
  };
  return { record, files, annexes, leafData: depositLeafData(record) };
}
