import { type Commitment, sha256 } from './bytes.ts';
import { encodeJson, type JsonValue } from './json.ts';

/**
 * commit(x) = SHA-256(JCS(x)). Every committed object carries its own 32-byte `salt`, so that a commitment made public
 * tells nothing to someone who guesses the content.
 */
export function commit(value: { salt: string } & object): Commitment {
  return sha256(encodeJson(value as unknown as JsonValue)) as Commitment;
}
