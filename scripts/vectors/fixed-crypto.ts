import crypto, { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { p256, p384, p521 } from '@noble/curves/nist.js';

/**
 * Makes everything that node:crypto draws at random the same in each run, so that vectors are the same bytes again: keys, salts, and
 * the nonces of ECDSA (RFC 6979). Test keys: anybody can compute them. RSA keys are given, since none can be drawn from a seed.
 * @param rsaKeyPem PKCS#8, for every RSA key that is asked for
 */
export function fixRandomness(seed: string, rsaKeyPem: string): void {
  let drawn = 0;
  const draw = (length: number): Buffer => {
    const parts: Buffer[] = [];
    for (let have = 0; have < length; have += 32) {
      parts.push(createHash('sha256').update(`${seed} ${drawn++}`).digest());
    }
    return Buffer.concat(parts).subarray(0, length);
  };
  const original = { sign: crypto.sign };
  Object.assign(crypto, {
    randomBytes: draw,
    generateKeyPairSync: (type: string, options?: { namedCurve?: string }) => {
      const privateKey = type === 'rsa' ? createPrivateKey(rsaKeyPem) : keyFrom(draw(80), type, options?.namedCurve);
      return { privateKey, publicKey: createPublicKey(privateKey) };
    },
    sign: (digest: string | null, data: Uint8Array, key: KeyObject | { key: KeyObject; dsaEncoding?: string }) => {
      const object = 'key' in key ? key.key : key;
      const curve = CURVES[object.asymmetricKeyDetails?.namedCurve ?? ''];
      if (digest === null || curve === undefined) return original.sign(digest, data, key as KeyObject);
      const { d } = object.export({ format: 'jwk' });
      const hash = new Uint8Array(createHash(digest).update(data).digest());
      const plain = 'key' in key && key.dsaEncoding === 'ieee-p1363';
      return Buffer.from(
        curve.sign(hash, new Uint8Array(Buffer.from(d as string, 'base64url')), {
          prehash: false,
          lowS: false,
          format: plain ? 'compact' : 'der',
        }),
      );
    },
  });
  syncBuiltinESMExports();
}

const CURVES: Record<string, typeof p256> = { prime256v1: p256, secp384r1: p384, secp521r1: p521 };
const NAMES: Record<string, string> = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' };

function keyFrom(seed: Buffer, type: string, namedCurve = 'P-256'): KeyObject {
  if (type === 'ed25519') {
    // RFC 8410: PKCS#8 of a seed of 32 bytes.
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed.subarray(0, 32)]);
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  }
  const curve = CURVES[NAMES[namedCurve] as string] as typeof p256;
  const { secretKey } = curve.keygen(new Uint8Array(seed.subarray(0, curve.lengths.seed)));
  const point = Buffer.from(curve.getPublicKey(secretKey, false));
  const half = (point.length - 1) / 2;
  const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: namedCurve,
      d: base64url(secretKey),
      x: base64url(point.subarray(1, 1 + half)),
      y: base64url(point.subarray(1 + half)),
    },
  });
}
