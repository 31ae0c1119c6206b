import { encodeHex0x, equalBytes, parseHex0x } from '../format/bytes.ts';
import { type EvmAttestation, evmAttestationSchema } from '../format/certificate.ts';
import { checkFields } from '../format/fields.ts';
import { encodeJson } from '../format/json.ts';
import { verifyAttestedReceipt } from '../verify/evm.ts';
import { AnchorError } from './anchor-error.ts';
import type { ChainClient } from './chain-client.ts';
import { describeFinality } from './chain-profile.ts';
import { type AnchorProof, collectAnchorProof } from './receipt-proof.ts';

export interface Attested {
  proof: AnchorProof;
  /** Canonical bytes of the evm attestation. */
  attestation: Uint8Array;
}

/**
 * Collects from a final block all that a reader needs, and verifies its bytes as a reader will.
 * @throws AnchorError `attestation-invalid`; ChainError as `collectAnchorProof`
 */
export async function makeAttestation(
  client: ChainClient,
  anchor: { blockHash: Uint8Array; transactionHash: Uint8Array; rootHash: Uint8Array; treeSize: bigint },
): Promise<Attested> {
  const transactionHash = encodeHex0x(anchor.transactionHash);
  const proof = await collectAnchorProof(client, {
    blockHash: encodeHex0x(anchor.blockHash),
    transactionHash,
    rootHash: anchor.rootHash,
    treeSize: anchor.treeSize,
  });
  const { profile, contract } = client;
  const attestation: EvmAttestation = {
    type: 'evm',
    chain: profile.chain,
    contract,
    blockHash: encodeHex0x(proof.blockHash),
    header: encodeHex0x(proof.header),
    transactionIndex: proof.transactionIndex,
    receiptProof: proof.receiptProof.map((node) => encodeHex0x(node)),
    receiptLogIndex: proof.receiptLogIndex,
    claims: {
      transactionHash,
      finality: { rule: describeFinality(profile), status: 'final' },
      nodesRunBy: profile.nodesRunBy,
    },
  };
  verifyAttestation(attestation, anchor);
  return { proof, attestation: encodeJson(attestation) };
}

/** From the hex that is going to be printed, not from what was collected. */
function verifyAttestation(
  attestation: EvmAttestation,
  anchor: { blockHash: Uint8Array; rootHash: Uint8Array; treeSize: bigint },
): void {
  checkFields(evmAttestationSchema, attestation);
  const result = verifyAttestedReceipt(attestation, anchor);
  const reason = !result.ok
    ? result.reason
    : equalBytes(parseHex0x(attestation.blockHash), anchor.blockHash)
      ? undefined
      : 'another block';
  if (reason !== undefined) {
    throw new AnchorError(
      'attestation-invalid',
      `the attestation of ${anchor.treeSize} leaves in block ${attestation.blockHash} does not verify: ${reason}`,
    );
  }
}
