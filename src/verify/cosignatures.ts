import { encodeHex } from '../format/bytes.ts';
import { COSIGNATURE_ED25519, isCosignatureBy, verifyCosignature } from '../format/cosignature.ts';
import { utcTimeOf } from '../format/fields.ts';
import { type NoteKey, parseNoteKey, parseSignatureLine } from '../format/note.ts';
import type { Check } from '../format/report.ts';
import { type Facts, failed, notChecked, passed } from './checks.ts';
import type { Trust } from './trust.ts';

/** A report's fact holds at most 4,000 characters. */
const MAX_LIST_CHARACTERS = 3900;

/**
 * Did enough of the witnesses that the policy names cosign this checkpoint? A key counts once, however many lines or names it has.
 * The times are the witnesses' own clocks, shown and not weighed: they bound no time of the deposit.
 * @param checkpointText the note's text, without signatures
 * @param lines signature lines without line feeds
 */
export function checkCosignatures(
  checkpointText: string,
  lines: readonly string[],
  about: string | null,
  trust: Trust,
): Check {
  const name = 'log.cosignatures';
  const keys = (trust.policy?.witnesses.keys ?? [])
    .map(parseNoteKey)
    .filter(({ algorithm }) => algorithm === COSIGNATURE_ED25519);
  const required = trust.policy?.witnesses.quorum ?? 0;

  const cosigned = new Map<string, { name: string; timestampUnixS: number }>();
  const invalid = new Set<string>();
  const untrusted = new Set<string>();
  for (const line of lines) {
    const key = keys.find((k) => isCosignatureBy(line, k));
    if (key === undefined) {
      untrusted.add(nameIn(line));
      continue;
    }
    const cosignature = verifyCosignature(checkpointText, line, key);
    if (cosignature === undefined) invalid.add(key.name);
    else noteEarliest(cosigned, key, cosignature.timestampUnixS);
  }
  const facts: Facts = { present: String(cosigned.size), required: String(required) };
  if (cosigned.size > 0) {
    const described = [...cosigned.values()].map((w) => `${w.name} ${utcTimeOf(w.timestampUnixS * 1000)}`);
    facts.witnesses = listed(described);
  }
  if (untrusted.size > 0) facts.untrusted = listed([...untrusted]);
  if (invalid.size > 0) return failed(name, about, 'cosignature-invalid', { ...facts, invalid: listed([...invalid]) });
  if (cosigned.size > 0 && cosigned.size >= required) return passed(name, about, facts);
  if (required > 0) return notChecked(name, about, 'absent', facts);
  if (untrusted.size === 0) return notChecked(name, about, 'not-required', facts);
  return notChecked(name, about, trust.policy === undefined ? 'no-policy' : 'untrusted-key', facts);
}

function noteEarliest(
  cosigned: Map<string, { name: string; timestampUnixS: number }>,
  { name, publicKey }: NoteKey,
  timestampUnixS: number,
): void {
  const key = encodeHex(publicKey);
  const known = cosigned.get(key);
  if (known === undefined || timestampUnixS < known.timestampUnixS) cosigned.set(key, { name, timestampUnixS });
}

function nameIn(line: string): string {
  try {
    return parseSignatureLine(line).name;
  } catch {
    return '(unreadable line)';
  }
}

function listed(items: readonly string[]): string {
  const text = items.join('; ');
  return text.length <= MAX_LIST_CHARACTERS ? text : `${text.slice(0, MAX_LIST_CHARACTERS)}…`;
}
