import type { DepositProgress } from '../db/deposit-progress.ts';
import type { FileEntryRow } from '../db/deposits.ts';
import type { ObjectKey } from '../db/objects.ts';
import type { UploadRow } from '../db/uploads.ts';
import { parseDepositorAnnex, parseStatementAnnex } from '../format/annex.ts';
import { parseSignatureAnnex } from '../format/annex-signature.ts';
import { encodeHex, encodeHex0x } from '../format/bytes.ts';
import { fileNameSchema, parseDepositRecord, parseFileEntry } from '../format/deposit.ts';
import { parseObject, utcTimeOf } from '../format/fields.ts';
import type { DepositDetail, DepositSummary } from './answers.ts';

/** One chain that the log is anchored on, as this process sees it now. */
export interface AnchoringChain {
  /** CAIP-2. */
  chain: string;
  /** 0x, 20 bytes, lower case. */
  contract: string;
  /** Code of what holds anchoring up there. */
  trouble: string | null;
}

/** What the database knows of a deposit's progress → what its depositor sees. `alarms` are the codes of the open ones. */
export function depositSummary(
  progress: DepositProgress,
  alarms: readonly string[],
  chains: readonly AnchoringChain[],
): DepositSummary {
  const { publication, anchor, certificate } = progress;
  const { state, awaits } = stageOf(progress);
  return {
    depositId: progress.depositId,
    state,
    pending: awaits === null ? null : { awaits, alarms: [...alarms] },
    receivedAt: utcTimeOf(progress.receivedAt.getTime()),
    title: progress.statement === null ? null : (parseStatementAnnex(progress.statement).title ?? null),
    fileCount: progress.fileCount,
    leafIndex: progress.leafIndex === null ? null : Number(progress.leafIndex),
    publication:
      publication === null
        ? null
        : { treeSize: Number(publication.treeSize), publishedAt: utcTimeOf(publication.publishedAt.getTime()) },
    anchor:
      anchor === null
        ? null
        : {
            chain: anchor.chain,
            contract: encodeHex0x(anchor.contract),
            treeSize: Number(anchor.treeSize),
            state: anchor.state,
            since: utcTimeOf(anchor.stateSince.getTime()),
            blockHash: anchor.blockHash && encodeHex0x(anchor.blockHash),
            transactionHash: anchor.transactionHash && encodeHex0x(anchor.transactionHash),
          },
    opentimestamps: progress.opentimestamps,
    chains: chains.map((chain) => chainView(chain, progress)),
    certificate:
      certificate === null
        ? null
        : {
            certificateNo: certificate.certificateNo,
            digest: encodeHex(certificate.digest),
            issuedAt: utcTimeOf(certificate.issuedAt.getTime()),
          },
  };
}

function chainView({ chain, contract, trouble }: AnchoringChain, { anchors }: DepositProgress) {
  const anchor = anchors.find((each) => each.chain === chain && each.contract === contract);
  return {
    chain,
    contract,
    state: anchor?.state ?? ('waiting' as const),
    treeSize: anchor?.treeSize ?? null,
    since: anchor === undefined ? null : utcTimeOf(anchor.stateSince.getTime()),
    blockHash: anchor?.blockHash ?? null,
    transactionHash: anchor?.transactionHash ?? null,
    trouble: anchor?.state === 'final' ? null : trouble,
  };
}

type Stage = {
  state: DepositSummary['state'];
  awaits: NonNullable<DepositSummary['pending']>['awaits'] | null;
};

function stageOf({ certificate, anchor, publication, leafIndex }: DepositProgress): Stage {
  if (certificate !== null) return { state: 'certified', awaits: null };
  if (anchor !== null && anchor.state === 'final') return { state: 'anchored-final', awaits: 'certificate' };
  if (anchor !== null && anchor.state === 'mined') return { state: 'anchored-pending', awaits: 'finality' };
  if (anchor !== null) return { state: 'anchored-pending', awaits: 'anchor' };
  if (publication !== null) return { state: 'published', awaits: 'anchor' };
  if (leafIndex !== null) return { state: 'in-log', awaits: 'publication' };
  return { state: 'received', awaits: 'log' };
}

/** All that a deposit says, opened: its depositor may see it whole. The rows are canonical bytes of this service's own. */
export function depositDetail(
  summary: DepositSummary,
  standing: Pick<DepositDetail, 'relation' | 'may' | 'isTradeSecret'>,
  rows: {
    record: Uint8Array;
    depositor: Uint8Array;
    statement: Uint8Array;
    signature: Uint8Array | undefined;
    entries: readonly FileEntryRow[];
    objects: readonly ObjectKey[];
    uploads: readonly UploadRow[];
  },
): DepositDetail {
  return {
    ...summary,
    ...standing,
    record: parseDepositRecord(rows.record),
    annexes: {
      depositor: parseDepositorAnnex(rows.depositor),
      statement: parseStatementAnnex(rows.statement),
      ...(rows.signature !== undefined && { signature: parseSignatureAnnex(rows.signature) }),
    },
    files: rows.entries.map((row) => {
      const objects = rows.objects.filter((object) => object.fileIndex === row.fileIndex);
      const preview = objects.find((object) => object.role === 'preview');
      return {
        entry: parseFileEntry(row.body),
        name: parseObject(fileNameSchema, 'tiezheng/file-name/v1', row.nameBody, 4096),
        originalHeld: objects.some((object) => object.role === 'original'),
        upload: uploadView(rows.uploads.find((upload) => upload.fileIndex === row.fileIndex)),
        preview:
          preview === undefined
            ? null
            : {
                mediaType: preview.mediaType,
                sizeBytes: Number(preview.sizeBytes),
                sha256: encodeHex(preview.sha256),
                sm3: encodeHex(preview.sm3),
              },
      };
    }),
  };
}

function uploadView(upload: UploadRow | undefined): DepositDetail['files'][number]['upload'] {
  if (upload === undefined) return null;
  const { uploadId, state, refusal, sizeBytes, offsetBytes, expiresAt } = upload;
  return {
    uploadId,
    state,
    refusal,
    sizeBytes: Number(sizeBytes),
    offset: Number(offsetBytes),
    expiresAt: utcTimeOf(expiresAt.getTime()),
  };
}
