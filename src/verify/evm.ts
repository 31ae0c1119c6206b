import { CodedError } from '../errors.ts';
import { parseBlockHeader, qbftBlockHash } from '../format/block-header.ts';
import { encodeHex0x, parseHex0x } from '../format/bytes.ts';
import type { EvmAttestation } from '../format/certificate.ts';
import type { UnverifiedCheckpoint } from '../format/checkpoint.ts';
import type { DepositRecord } from '../format/deposit.ts';
import { utcTimeOf } from '../format/fields.ts';
import type { Check } from '../format/report.ts';
import { type Facts, failed, notChecked, passed, pending } from './checks.ts';
import { type EvmReceiptResult, verifyEvmReceipt } from './evm-receipt.ts';
import {
  anchoredKey,
  blockKey,
  confirmBlock,
  contractKey,
  isIndependentChain,
  logContracts,
  type Trust,
} from './trust.ts';

/** A time that an outsider's proof gives, once somebody the reader trusts confirms the block. */
export interface ProvedTime {
  /** The latest instant that the proof allows: the accuracy it states is added already. */
  unixMs: number;
  source: string;
  /** Who stands behind the source, in the policy's words. Two times of one operator count as one. */
  operator?: string;
  independent: boolean;
}

export interface EvmOutcome {
  checks: Check[];
  /** True if every check of this attestation passed. */
  stands: boolean;
  /** Set if receipt and block are both confirmed. */
  time: ProvedTime | undefined;
}

/** Seconds since 1970 at the end of the year 9999: what a report can write. */
const LATEST_BLOCK_TIME = 253_402_300_799n;

/** Does the receipt in the attestation say that its contract anchored this root, whoever knows its block? */
export function verifyAttestedReceipt(
  attestation: EvmAttestation,
  { rootHash, treeSize }: { rootHash: Uint8Array; treeSize: bigint },
): EvmReceiptResult {
  return verifyEvmReceipt({
    header: parseHex0x(attestation.header),
    blockHash: parseHex0x(attestation.blockHash),
    transactionIndex: attestation.transactionIndex,
    receiptProof: attestation.receiptProof.map((node) => parseHex0x(node)),
    receiptLogIndex: attestation.receiptLogIndex,
    contract: parseHex0x(attestation.contract),
    rootHash,
    treeSize,
  });
}

/** Was this checkpoint's root anchored in the block that the attestation names, and does the reader know that block? */
export function checkEvmAttestation(
  attestation: EvmAttestation,
  checkpoint: UnverifiedCheckpoint,
  origin: string,
  about: string,
  trust: Trust,
): EvmOutcome {
  const evidence = verifyAttestedReceipt(attestation, checkpoint);
  const receipt =
    evidence.ok && evidence.blockTime > LATEST_BLOCK_TIME
      ? ({ ok: false, reason: 'block-time-out-of-range' } as const)
      : evidence;
  const block = { chain: attestation.chain, blockHash: attestation.blockHash };
  const facts: Facts = receipt.ok
    ? { ...block, blockNumber: String(receipt.blockNumber), blockTime: utcTimeOf(Number(receipt.blockTime) * 1000) }
    : block;
  const checks: Check[] = [
    receipt.ok ? passed('evm.receipt', about, facts) : failed('evm.receipt', about, receipt.reason, block),
    checkCanonical('evm.canonical', attestation.chain, attestation.blockHash, about, trust),
    checkContract(attestation, checkpoint, origin, about, trust),
    checkFinality(attestation, about, trust),
  ];
  const confirmed = receipt.ok && checks[1]?.status === 'passed';
  return {
    checks,
    stands: checks.every((c) => c.status === 'passed'),
    time: confirmed
      ? {
          unixMs: Number(receipt.blockTime) * 1000,
          source: `${attestation.chain} block ${receipt.blockNumber} ${attestation.blockHash}`,
          independent: isIndependent(attestation.chain, attestation.blockHash, trust),
        }
      : undefined,
  };
}

function checkCanonical(
  name: 'evm.canonical' | 'evm.notBefore',
  chain: string,
  blockHash: string,
  about: string | null,
  trust: Trust,
  more: Facts = {},
): Check {
  const { confirmed, replaced, disputed } = confirmBlock(trust, chain, blockHash);
  const facts: Facts = { ...more, chain, blockHash };
  if (disputed !== undefined) return notChecked(name, about, 'nodes-disagree', { ...facts, disputed });
  if (replaced) return failed(name, about, 'another-block-at-this-height', facts);
  if (confirmed === undefined) return notChecked(name, about, 'offline', facts);
  return passed(name, about, {
    ...facts,
    confirmedBy: confirmed === 'node' ? `node ${trust.node?.confirmedBy.get(blockKey(chain, blockHash))}` : confirmed,
  });
}

/** The policy says which contract is the log's. A node can say more, that its code is the published one; it cannot vouch for it. */
function checkContract(
  { chain, contract }: EvmAttestation,
  { rootHash }: UnverifiedCheckpoint,
  origin: string,
  about: string,
  trust: Trust,
): Check {
  const name = 'evm.contract';
  const key = contractKey(chain, contract);
  const answer = trust.node?.contracts.get(key);
  const disputed = trust.node?.disputes.get(key);
  const facts: Facts = {
    chain,
    contract,
    ...(answer !== undefined && { code: answer.answer === 'differs' ? answer.reason : answer.answer }),
    ...anchoredFacts(anchoredKey(chain, contract, encodeHex0x(rootHash)), trust),
  };
  if (trust.policy === undefined) return notChecked(name, about, 'no-policy', facts);
  if (!logContracts(trust, origin).some((c) => c.chain === chain && c.address === contract)) {
    return notChecked(name, about, 'untrusted-key', facts);
  }
  if (disputed !== undefined) return notChecked(name, about, 'nodes-disagree', { ...facts, disputed });
  return answer?.answer === 'differs' ? failed(name, about, answer.reason, facts) : passed(name, about, facts);
}

/** What the contract itself answers about this root; in the chain's unit of time. */
function anchoredFacts(key: string, trust: Trust): Facts {
  const disputed = trust.node?.disputes.get(key);
  if (disputed !== undefined) return { anchored: `the nodes disagree: ${disputed}` };
  const answer = trust.node?.anchored.get(key);
  if (answer === undefined) return {};
  return { anchored: answer === null ? 'never' : `${answer.treeSize} leaves, block time ${answer.anchoredAt}` };
}

function checkFinality(attestation: EvmAttestation, about: string, trust: Trust): Check {
  const standing = confirmBlock(trust, attestation.chain, attestation.blockHash);
  const { confirmed, final, replaced, disputed } = standing;
  const facts = { stated: attestation.claims.finality.status, rule: attestation.claims.finality.rule };
  if (disputed !== undefined) return notChecked('evm.finality', about, 'nodes-disagree', { ...facts, disputed });
  if (replaced) return notChecked('evm.finality', about, 'depends-on-failed', facts);
  if (final) return passed('evm.finality', about, facts);
  if (confirmed === 'node') return pending('evm.finality', about, 'the node calls the block final', facts);
  return notChecked('evm.finality', about, 'offline', facts);
}

/** T₀: the record was assembled after the block that it names. */
export function checkNotBefore(
  record: DepositRecord,
  header: string | null,
  trust: Trust,
): { check: Check; time: ProvedTime | undefined } {
  const name = 'evm.notBefore';
  if (record.notBefore === null) {
    const check = header === null ? notChecked(name, null, 'absent') : failed(name, null, 'header-without-block');
    return { check, time: undefined };
  }
  const { chain, blockHash } = record.notBefore;
  if (header === null) return { check: notChecked(name, null, 'absent', { chain, blockHash }), time: undefined };
  let blockTime: bigint;
  let blockNumber: bigint;
  try {
    const rlp = parseHex0x(header);
    const parsed = parseBlockHeader(rlp);
    const qbft = qbftBlockHash(rlp);
    const hashes = [parsed.hash, ...(qbft === undefined ? [] : [qbft])].map((hash) => encodeHex0x(hash));
    if (!hashes.includes(blockHash)) {
      return { check: failed(name, null, 'header-hash-mismatch', { chain, blockHash }), time: undefined };
    }
    if (parsed.timestamp > LATEST_BLOCK_TIME) {
      return { check: failed(name, null, 'block-time-out-of-range', { chain, blockHash }), time: undefined };
    }
    blockTime = parsed.timestamp;
    blockNumber = parsed.number;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { check: failed(name, null, 'header-malformed', { chain, blockHash }), time: undefined };
  }
  const unixMs = Number(blockTime) * 1000;
  const check = checkCanonical(name, chain, blockHash, null, trust, {
    blockNumber: String(blockNumber),
    blockTime: utcTimeOf(unixMs),
  });
  const time =
    check.status === 'passed'
      ? {
          unixMs,
          source: `${chain} block ${blockNumber} ${blockHash}`,
          independent: isIndependent(chain, blockHash, trust),
        }
      : undefined;
  return { check, time };
}

function isIndependent(chain: string, blockHash: string, trust: Trust): boolean {
  return isIndependentChain(trust, chain) && confirmBlock(trust, chain, blockHash).chainKnown;
}
