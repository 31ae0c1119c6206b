import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API_KEY, makeSecret } from '../access/secret.ts';
import { makeEvaluationSeal } from '../certificate/evaluation-seal.ts';
import { encodeHex, parseBase64Url, sha256 } from '../format/bytes.ts';
import { makeEvaluationAuthority } from '../timestamp/evaluation-authority.ts';
import { writeFileDurably } from './durable-text.ts';

/** Files of home-made secrets, 0600, in one folder. */
export interface EvaluationKeys {
  masterKeyFile: string;
  logKeyFile: string;
  sealKeyFile: string;
  sealCertificateFile: string;
  /** Key, certificate and root of the built-in timestamp authority. */
  authorityKeyFile: string;
  /** PEM of that root, which is no secret. */
  authorityRootPem: string;
  /** API key of the one evaluation depositor. */
  apiKey: string;
  /** Signs the cookies of users. */
  signInSecretFile: string;
  /** Ends in the key's own id, so that two evaluation logs never share a name. */
  origin: string;
}

/** Makes what is missing and keeps what is there. Each file is whole or absent, whatever moment the process dies. */
export async function openEvaluationKeys(folder: string, nowMs: number): Promise<EvaluationKeys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(folder, name);
  const make = async (name: string, content: () => string | Promise<string>) => {
    if (!existsSync(file(name))) await writeFileDurably(file(name), await content(), 0o600);
    return file(name);
  };
  const masterKeyFile = await make('master.key', () => `${randomBytes(32).toString('hex')}\n`);
  const logKeyFile = await make('log.pem', () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  // Key and certificate belong together: one file first holds both, so that no crash leaves a pair that does not fit.
  const sealFile = await make('seal.pem', async () => {
    const { keyPem, certificatePem } = await makeEvaluationSeal(nowMs);
    return `${keyPem}${certificatePem}`;
  });
  const authorityKeyFile = await make('authority.pem', () => makeEvaluationAuthority(nowMs));
  const apiKeyFile = await make('api-key', () => `${makeSecret(API_KEY)}\n`);
  const signInSecretFile = await make('sign-in.secret', () => `${randomBytes(32).toString('base64url')}\n`);
  return {
    masterKeyFile,
    signInSecretFile,
    logKeyFile,
    sealKeyFile: sealFile,
    sealCertificateFile: sealFile,
    authorityKeyFile,
    authorityRootPem: (await readFile(authorityKeyFile, 'utf8')).replace(/^.*(?=-----BEGIN CERTIFICATE-----)/s, ''),
    apiKey: (await readFile(apiKeyFile, 'utf8')).trim(),
    origin: `evaluation.tiezheng.invalid/${await logKeyId(logKeyFile)}`,
  };
}

/** First 4 bytes of the SHA-256 of the public key, hex. Not the note's key id, which depends on the name that this is part of. */
async function logKeyId(logKeyFile: string): Promise<string> {
  const publicKey = createPublicKey(await readFile(logKeyFile, 'utf8')).export({ format: 'jwk' });
  return encodeHex(sha256(parseBase64Url(publicKey.x as string))).slice(0, 8);
}
