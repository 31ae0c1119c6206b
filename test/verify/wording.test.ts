import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Bilingual } from '../../src/format/certificate.ts';
import { CHECK_NAMES, type Check, conclusionSchema, NOT_CHECKED_CAUSES } from '../../src/format/report.ts';
import { failed, notChecked } from '../../src/verify/checks.ts';
import { LIMITS } from '../../src/verify/limits.ts';
import { wordingOfCause, wordingOfCheck, wordingOfConclusion, wordingOfStatus } from '../../src/verify/wording.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Files of src/verify whose kebab-case words are those of other vocabularies, each with words of its own. */
const OTHER_VOCABULARIES = ['ladder.ts', 'policy-review.ts', 'signed-policy.ts', 'wording.ts', 'summary.ts'];

/** Kebab-case words in the source that are no reason of a failed check. Whoever adds one that is a reason gives it words instead. */
const NOT_REASONS = new Set<string>([
  ...NOT_CHECKED_CAUSES,
  ...conclusionSchema.options,
  ...['not-checked', 'could-not-check', 'not-proved'],
  // Standings between functions; a check says `untrusted-key` or `unsupported` instead.
  ...['unknown-root', 'only-earlier', 'later-compromise-voids'],
  // Kinds of things that are looked into.
  ...['timestamp-token', 'timestamp-response', 'tlog-proof', 'signed-pdf', 'evidence-record', 'hand-over'],
  // What a check says is missing, as a fact.
  ...['signer-certificate'],
  // Kinds of custody events.
  ...['handed-over', 'hand-over-confirmed', 'hand-over-cancelled'],
  // Encodings.
  ...['utf-8', 'utf-16be'],
  // Thrown before any report: the input is unusable.
  ...['package-unreadable', 'package-too-many-files', 'package-encrypted', 'package-expands-too-far'],
]);

function* sourceFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (entry.name.endsWith('.ts') && !OTHER_VOCABULARIES.includes(entry.name)) yield path;
  }
}

function withoutComments(path: string): string {
  return readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}

/** Every word in the source that could become the reason of a failed check. */
function reasonsInSource(): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of sourceFiles(join(SRC, 'verify'))) {
    const code = withoutComments(path);
    const kebab = /'([a-z][a-z0-9]*(?:-[a-z0-9]+)+)'/g;
    // Reasons of one word have no hyphen to be known by.
    const single = /(?:\breason: |\brefused\(|\bbroken\(|\bfailed\([^()]*?, )'([a-z]+)'/g;
    for (const pattern of [kebab, single]) {
      for (const [, word] of code.matchAll(pattern)) found.set(word as string, path);
    }
  }
  // `error.code` of what a parser or the Merkle arithmetic throws becomes a reason too.
  const errors = withoutComments(join(SRC, 'errors.ts'));
  for (const union of errors.match(/export type (?:Format|Proof)ErrorCode =[^;]+;/g) ?? []) {
    for (const [, word] of union.matchAll(/'([a-z0-9-]+)'/g)) found.set(word as string, 'errors.ts');
  }
  for (const word of NOT_REASONS) found.delete(word);
  return found;
}

function hasWords({ zh, en }: Bilingual, code: string): boolean {
  return zh !== code && en !== code && /[\u4e00-\u9fff]/.test(zh) && /[a-z]/i.test(en) && !/[\u4e00-\u9fff]/.test(en);
}

describe('plain words', () => {
  it('exist in both languages for every reason that the source can give', () => {
    const reasons = reasonsInSource();
    expect(reasons.size).to.be.greaterThan(80);
    const missing = [...reasons]
      .filter(([reason]) => !hasWords(wordingOfCause(failed('seal', null, reason)) as Bilingual, reason))
      .map(([reason, path]) => `${reason} (${path.slice(SRC.length - 3)})`);
    expect(missing).to.deep.equal([]);
  });

  it('exist for every check, and for every topic of the time before', () => {
    const annexes = ['annex.depositor', 'annex.statement', 'annex.signature'];
    const topics = [
      ...withoutComments(join(SRC, 'verify/before.ts')).matchAll(/'(before\.[a-z-]+)'|said\('([a-z]+)'/g),
    ].map((match) => match[1] ?? `before.${match[2]}`);
    expect(topics).to.include.members(['before.receipt-to-proof', 'before.source']);
    const missing = [...CHECK_NAMES, ...annexes, ...topics].filter((name) => !hasWords(wordingOfCheck(name), name));
    expect(missing).to.deep.equal([]);
  });

  it('exist for every name of a check in the source', () => {
    const names = new Set<string>();
    for (const path of sourceFiles(join(SRC, 'verify'))) {
      const pattern = /(?:\b(?:failed|passed|pending|notChecked)\(\s*|\bname = )'([a-z0-9]+(?:\.[A-Za-z0-9-]+)?)'/g;
      for (const [, name] of withoutComments(path).matchAll(pattern)) names.add(name as string);
    }
    expect(names.size).to.be.greaterThan(20);
    expect([...names].filter((name) => !hasWords(wordingOfCheck(name), name))).to.deep.equal([]);
  });

  it('exist for every cause, status, conclusion and limit', () => {
    for (const because of NOT_CHECKED_CAUSES) {
      expect(hasWords(wordingOfCause(notChecked('seal', null, because)) as Bilingual, because), because).to.equal(true);
    }
    for (const status of ['passed', 'failed', 'pending', 'not-checked'] as Check['status'][]) {
      expect(wordingOfStatus(status).zh).to.match(/[\u4e00-\u9fff]/);
    }
    for (const conclusion of conclusionSchema.options)
      expect(hasWords(wordingOfConclusion(conclusion), conclusion)).to.equal(true);
    for (const limit of LIMITS) expect(hasWords(limit, '')).to.equal(true);
  });
});
