import { ed25519 } from '@noble/curves/ed25519.js';
import { CodedError } from '../errors.ts';
import { bytesToSign, clientDataSchema, type SignatureAnnex } from '../format/annex-signature.ts';
import { concat, encodeBase64Url, encodeHex, parseBase64, sha256 } from '../format/bytes.ts';
import { commit } from '../format/commitment.ts';
import type { DepositRecord } from '../format/deposit.ts';
import { checkFields } from '../format/fields.ts';
import { parseJson } from '../format/json.ts';
import type { Check } from '../format/report.ts';
import { type Facts, failed, notChecked, passed } from './checks.ts';
import { type AlgorithmIdentifier, verifySignature } from './signature.ts';
import { parseX509, subjectOf } from './x509-chain.ts';

const NAME = 'annex.signature';
const ECDSA_SHA256: AlgorithmIdentifier = { oid: '1.2.840.10045.4.3.2', parameters: undefined };
const RSA_SHA256: AlgorithmIdentifier = { oid: '1.2.840.113549.1.1.11', parameters: undefined };
/** SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4) up to the 32 bytes of the key; there is no other way to write it. */
const ED25519_PREFIX = '302a300506032b6570032100';
/** Flags of authenticator data (WebAuthn §6.1). */
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

/**
 * Did the key in the annex sign these files and this statement? Whose key it is, no signature shows: that is the word of the operator,
 * who committed to the annex, or of whoever issued the X.509 certificate.
 */
export async function checkSignatureAnnex(record: DepositRecord, annex: SignatureAnnex | undefined): Promise<Check> {
  const committed = record.annexes.signature;
  if (committed === undefined) {
    return annex === undefined ? notChecked(NAME, null, 'absent') : failed(NAME, null, 'signature-not-committed-to');
  }
  const facts: Facts = { commitment: committed };
  if (annex === undefined) return notChecked(NAME, null, 'closed', facts);
  if (encodeHex(commit(annex)) !== committed || annex.depositId !== record.depositId) {
    return failed(NAME, null, 'commitment-mismatch', facts);
  }
  const { signed } = annex;
  facts.method = signed.method;
  const toSign = bytesToSign(record.files.root, record.annexes.statement);
  switch (signed.method) {
    case 'passkey':
      return checkPasskey(signed, toSign, facts);
    case 'x509':
      return checkX509(signed, toSign, facts);
    case 'sm2':
      return notChecked(NAME, null, 'unsupported', { ...facts, algorithm: 'SM2' });
  }
}

/** WebAuthn §7.2, steps 11 to 24, as far as they do not need the server that asked. */
async function checkPasskey(
  signed: Extract<SignatureAnnex['signed'], { method: 'passkey' }>,
  toSign: Uint8Array,
  facts: Facts,
): Promise<Check> {
  try {
    const publicKey = parseBase64(signed.publicKey);
    const authenticatorData = parseBase64(signed.authenticatorData);
    const clientData = parseBase64(signed.clientDataJson);
    const client = checkFields(clientDataSchema, parseJson(clientData, { maxBytes: 4096, maxDepth: 4 }));
    // rpIdHash, flags and the counter: 37 bytes before anything optional.
    if (authenticatorData.length < 37) return failed(NAME, null, 'authenticator-data-malformed', facts);
    const flags = authenticatorData[32] as number;
    Object.assign(facts, {
      key: encodeHex(sha256(publicKey)),
      origin: client.origin,
      rpIdHash: encodeHex(authenticatorData.subarray(0, 32)),
      userVerified: (flags & USER_VERIFIED) === 0 ? 'no' : 'yes',
      ...(client.crossOrigin === true && { crossOrigin: 'yes' }),
    });
    if (client.type !== 'webauthn.get') return failed(NAME, null, 'not-an-assertion', facts);
    if (client.challenge !== encodeBase64Url(toSign)) return failed(NAME, null, 'signed-something-else', facts);
    if ((flags & USER_PRESENT) === 0) return failed(NAME, null, 'nobody-was-present', facts);
    const message = concat(authenticatorData, sha256(clientData));
    const signature = parseBase64(signed.signature);
    if (encodeHex(publicKey).startsWith(ED25519_PREFIX))
      return outcomeOf(verifyEd25519(publicKey, message, signature), facts);
    return outcomeOf(await verifySignature(publicKey, ECDSA_SHA256, message, signature), facts);
  } catch (error) {
    if (error instanceof CodedError) return failed(NAME, null, error.code, facts);
    throw error;
  }
}

async function checkX509(
  signed: Extract<SignatureAnnex['signed'], { method: 'x509' }>,
  toSign: Uint8Array,
  facts: Facts,
): Promise<Check> {
  try {
    const chain = signed.chain.map((der) => parseX509(parseBase64(der)));
    const [signer] = chain;
    if (signer === undefined || chain.includes(undefined)) return failed(NAME, null, 'certificate-malformed', facts);
    Object.assign(facts, { signer: subjectOf(signer), x509Sha256: encodeHex(sha256(signer.der)) });
    const algorithm = signed.algorithm === 'ES256' ? ECDSA_SHA256 : RSA_SHA256;
    const outcome = await verifySignature(
      new Uint8Array(signer.parsed.subjectPublicKeyInfo.toSchema().toBER()),
      algorithm,
      toSign,
      parseBase64(signed.signature),
    );
    // No policy names whom a reader lets vouch for depositors.
    return outcome === 'valid' ? notChecked(NAME, null, 'untrusted-key', facts) : outcomeOf(outcome, facts);
  } catch (error) {
    if (error instanceof CodedError) return failed(NAME, null, error.code, facts);
    throw error;
  }
}

function verifyEd25519(spki: Uint8Array, message: Uint8Array, signature: Uint8Array): 'valid' | 'signature-invalid' {
  try {
    const key = spki.subarray(ED25519_PREFIX.length / 2);
    return ed25519.verify(signature, message, key, { zip215: false }) ? 'valid' : 'signature-invalid';
  } catch {
    // Of another length, or no point of the curve.
    return 'signature-invalid';
  }
}

function outcomeOf(outcome: Awaited<ReturnType<typeof verifySignature>>, facts: Facts): Check {
  if (outcome === 'valid') return passed(NAME, null, facts);
  if (outcome === 'unsupported-algorithm') return notChecked(NAME, null, 'unsupported', facts);
  return failed(NAME, null, outcome, facts);
}
