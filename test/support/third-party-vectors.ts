import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../shared/vectors/', import.meta.url));

/** Folder of vectors that others wrote, kept beside the checkout; undefined where there is none. */
export function thirdPartyVectors(name: string): string | undefined {
  const folder = `${ROOT}${name}`;
  return existsSync(folder) ? folder : undefined;
}
