import * as z from 'zod';
import { depositorSchema, statementAnnexSchema } from './annex.ts';
import { signatureAnnexSchema } from './annex-signature.ts';
import { depositRecordSchema, fileEntrySchema, fileNameSchema, MAX_FILES } from './deposit.ts';
import {
  address,
  base64,
  evmChain,
  hash0x,
  hexData,
  parseObject,
  proofPath,
  text,
  treePosition,
  utcTime,
} from './fields.ts';
import { originSchema, vkeySchema } from './log.ts';
import { provedRotationsSchema } from './log-event.ts';
import { MAX_NOTE_BYTES } from './note.ts';
import { sealsSchema } from './seal.ts';

/** Same sentence in both languages of every paper. */
export const bilingualSchema = z.strictObject({ zh: text(2000), en: text(2000) });
export type Bilingual = z.infer<typeof bilingualSchema>;

/** `TZ-`, the day of issue, and eight characters of Crockford's base 32. */
export const certificateNoSchema = z.string().regex(/^TZ-[0-9]{8}-[0-9A-HJKMNP-TV-Z]{8}$/);

/** Who runs the service: the operator's own words. */
export const platformSchema = z.strictObject({
  name: text(200),
  operator: text(200).nullable(),
  website: text(300).nullable(),
  filingNo: text(100).nullable(),
  interests: text(1000).nullable(),
});
export type PlatformProfile = z.infer<typeof platformSchema>;

/** A `CheckpointAnchored` event, proved down to a block hash. */
export const evmAttestationSchema = z.strictObject({
  type: z.literal('evm'),
  chain: evmChain,
  contract: address,
  blockHash: hash0x,
  /** RLP of the block header. Block number and time are read from it. */
  header: hexData(8192),
  transactionIndex: z.number().int().min(0).max(1_000_000),
  /** Nodes of the receipts trie from the root to the receipt. */
  receiptProof: z.array(hexData(65536)).min(1).max(16),
  /** Position of the event among the receipt's own logs. */
  receiptLogIndex: z.number().int().min(0).max(10_000),
  claims: z.strictObject({
    transactionHash: hash0x,
    finality: z.strictObject({ rule: text(200), status: z.enum(['pending', 'final']) }),
    nodesRunBy: text(200).nullable(),
  }),
});
export type EvmAttestation = z.infer<typeof evmAttestationSchema>;

/** A TimeStampToken over SHA-256(checkpoint bytes). */
export const timestampAttestationSchema = z.strictObject({
  type: z.literal('rfc3161'),
  token: base64(65536),
  certificates: z.array(base64(16384)).max(16),
  revocation: z.array(base64(1_048_576)).max(16),
});

/** A DetachedTimestampFile, SHA-256, whose digest is the root hash itself. */
export const opentimestampsAttestationSchema = z.strictObject({
  type: z.literal('opentimestamps'),
  proof: base64(65536),
});

export const attestationSchema = z.discriminatedUnion('type', [
  evmAttestationSchema,
  timestampAttestationSchema,
  opentimestampsAttestationSchema,
]);
export type Attestation = z.infer<typeof attestationSchema>;

/** One published checkpoint that covers the deposit, and who outside attests to it. */
export const publicationSchema = z.strictObject({
  /** Signed note with the log's signature only, exact. */
  checkpoint: z.string().max(MAX_NOTE_BYTES),
  inclusionProof: proofPath,
  /** Signature lines of witnesses, without line feed. */
  cosignatures: z.array(z.string().max(1000)).max(64),
  attestations: z.array(attestationSchema).max(32),
});
export type Publication = z.infer<typeof publicationSchema>;

/** What the reader was given of one file: its entry, its path to `record.files.root`, and its name unless that stays closed. */
export const certifiedFileSchema = z.strictObject({
  entry: fileEntrySchema,
  path: proofPath,
  name: fileNameSchema.nullable(),
});

/**
 * Everything known of one deposit that a reader may see. What a check derives or proves stands outside `claims`;
 * what only the operator says stands inside.
 */
export const certificateSchema = z.strictObject({
  type: z.literal('tiezheng/certificate/v1'),
  claims: z.strictObject({
    certificateNo: certificateNoSchema,
    issuedAt: utcTime,
    evaluation: z.boolean(),
    platform: platformSchema,
    /** Indices of the files whose originals the service held at `issuedAt`. */
    originalsHeld: z.array(z.number().int().min(0)).max(MAX_FILES),
    limitations: z.array(bilingualSchema).max(32),
  }),
  record: depositRecordSchema,
  files: z.array(certifiedFileSchema).max(MAX_FILES),
  annexes: z.strictObject({
    depositor: depositorSchema.optional(),
    statement: statementAnnexSchema.optional(),
    signature: signatureAnnexSchema.optional(),
  }),
  log: z.strictObject({
    origin: originSchema,
    leafIndex: treePosition,
    keys: z.array(vkeySchema).min(1).max(8),
    /** How the log went over from its first key to those that signed here; left out while it has only had one. */
    rotations: provedRotationsSchema.optional(),
  }),
  /** RLP of the block that `record.notBefore` names. */
  notBeforeHeader: hexData(8192).nullable(),
  publications: z.array(publicationSchema).min(1).max(16),
  seals: sealsSchema,
});
export type Certificate = z.infer<typeof certificateSchema>;

export const MAX_CERTIFICATE_BYTES = 8 * 1024 * 1024;

/** @throws FormatError */
export function parseCertificate(bytes: Uint8Array): Certificate {
  return parseObject(certificateSchema, 'tiezheng/certificate/v1', bytes, MAX_CERTIFICATE_BYTES);
}
