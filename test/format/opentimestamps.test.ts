import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { concat, encodeHex, encodeUtf8, parseHex, sha256 } from '../../src/format/bytes.ts';
import {
  attestationsOf,
  type Branch,
  chainOf,
  encodeDetachedTimestamp,
  encodeTimestamp,
  mergeTimestamps,
  type Operation,
  OTS_MAGIC,
  parseDetachedTimestamp,
  parseTimestamp,
  type TimeAttestation,
  type Timestamp,
} from '../../src/format/opentimestamps.ts';
import { codeOf } from '../support/coded-error.ts';

const DIGEST = sha256(encodeUtf8('证据'));
const SHA256: Operation = { kind: 'sha256' };
const PENDING: TimeAttestation = { kind: 'pending', uri: 'https://calendar.example.org' };
const END: Timestamp = { branches: [{ attestation: PENDING }] };
const append = (argument: Uint8Array): Operation => ({ kind: 'append', argument });

/** The file's head, then `hex`. */
const file = (hex: string) => concat(OTS_MAGIC, Uint8Array.of(1, 8), DIGEST, parseHex(hex.replaceAll(' ', '')));
const BITCOIN_7 = '00 0588960d73d71901 01 07';

const argument = fc.uint8Array({ minLength: 1, maxLength: 64 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constantFrom('append' as const, 'prepend' as const), argument }),
  fc.record({ kind: fc.constantFrom('sha256' as const, 'sha1', 'ripemd160', 'keccak256', 'reverse') }),
);
const height = fc.nat(2 ** 31 - 1);
const attestation: fc.Arbitrary<TimeAttestation> = fc.oneof(
  fc.record({ kind: fc.constant('pending' as const), uri: fc.stringMatching(/^[A-Za-z0-9._/:-]{0,60}$/) }),
  fc.record({ kind: fc.constantFrom('bitcoin' as const, 'litecoin' as const), height }),
  fc.record({
    kind: fc.constant('unknown' as const),
    tag: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    payload: fc.uint8Array({ maxLength: 80 }),
  }),
);
const { timestamp } = fc.letrec<{ timestamp: Timestamp }>((tie) => ({
  timestamp: fc
    .array(
      fc.oneof(
        { maxDepth: 5 },
        attestation.map((a): Branch => ({ attestation: a })),
        fc.record({ operation, next: tie('timestamp') }),
      ),
      { minLength: 1, maxLength: 3, depthIdentifier: 'ots' },
    )
    .map((branches) => mergeTimestamps([{ branches }])),
}));

describe('parseDetachedTimestamp', () => {
  it('reads what was encoded, and encoding gives the same bytes', () => {
    fc.assert(
      fc.property(timestamp, (made) => {
        const bytes = encodeDetachedTimestamp({ digest: DIGEST, timestamp: made });
        const read = parseDetachedTimestamp(bytes);
        expect(read).to.deep.equal({ digest: DIGEST, timestamp: made });
        expect(encodeDetachedTimestamp(read)).to.deep.equal(bytes);
      }),
    );
  });

  it('gives the same bytes again for whatever it accepts, and refuses the rest with a code', () => {
    const bytes = encodeDetachedTimestamp({ digest: DIGEST, timestamp: chainOf([append(DIGEST), SHA256], END) });
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), fc.boolean(), (bit, isCut) => {
        const changed = bytes.slice(0, isCut ? bit >> 3 : bytes.length);
        if (!isCut) changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
        const code = codeOf(() => {
          expect(encodeDetachedTimestamp(parseDetachedTimestamp(changed))).to.deep.equal(changed);
        });
        if (isCut) expect(code).to.equal('invalid-opentimestamps');
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the order of branches as it came, which stock clients do not sort either when they read', () => {
    const bytes = file(`ff 08 ${BITCOIN_7} ff ${BITCOIN_7} f0 01 41 ${BITCOIN_7}`);
    expect(encodeDetachedTimestamp(parseDetachedTimestamp(bytes))).to.deep.equal(bytes);
  });

  for (const [what, hex, code] of [
    ['bytes after the end', `08 ${BITCOIN_7} 00`, 'trailing-bytes'],
    ['an attestation with bytes after its height', '00 0588960d73d71901 02 0707', 'trailing-bytes'],
    ['an operation that is not known', `10 ${BITCOIN_7}`, 'unknown-operation'],
    ['an append of nothing', `f0 00 ${BITCOIN_7}`, 'invalid-opentimestamps'],
    ['a number in a longer spelling', `f0 8100 41 ${BITCOIN_7}`, 'invalid-opentimestamps'],
    ['an argument of 4,097 bytes', `f0 8120 ${'41'.repeat(4097)} ${BITCOIN_7}`, 'too-large'],
    ['a message of 4,097 bytes', `f0 e11f ${'41'.repeat(4065)} ${BITCOIN_7}`, 'too-large'],
    ['a hexlify beyond 4,096 bytes', `f0 e10f ${'41'.repeat(2017)} f3 ${BITCOIN_7}`, 'too-large'],
    ['a height of more than 32 bits', '00 0588960d73d71901 05 8080808010', 'too-large'],
    ['an address with a query', `00 83dfe30d2ef90c8e 04 03 613f62`, 'invalid-opentimestamps'],
    ['an address that is no text', `00 83dfe30d2ef90c8e 02 01 ff`, 'invalid-opentimestamps'],
    ['the same attestation twice', `ff ${BITCOIN_7} ${BITCOIN_7}`, 'invalid-opentimestamps'],
    ['the same operation twice', `ff 08 ${BITCOIN_7} 08 ${BITCOIN_7}`, 'invalid-opentimestamps'],
    ['nothing said of the digest', '', 'invalid-opentimestamps'],
    ['a fork with one branch', `ff ${BITCOIN_7}`, 'invalid-opentimestamps'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(codeOf(() => parseDetachedTimestamp(file(hex)))).to.equal(code);
    });
  }

  it('refuses another version, another digest, other files and large ones', () => {
    const head = (version: number, digestTag: number) =>
      concat(OTS_MAGIC, Uint8Array.of(version, digestTag), DIGEST, parseHex(BITCOIN_7.replaceAll(' ', '')));
    expect(codeOf(() => parseDetachedTimestamp(head(1, 8)))).to.equal('accepted');
    expect(codeOf(() => parseDetachedTimestamp(head(2, 8)))).to.equal('invalid-opentimestamps');
    expect(codeOf(() => parseDetachedTimestamp(head(1, 2)))).to.equal('unsupported-digest');
    expect(codeOf(() => parseDetachedTimestamp(head(1, 0xf0)))).to.equal('invalid-opentimestamps');
    expect(codeOf(() => parseDetachedTimestamp(encodeUtf8('%PDF-1.7')))).to.equal('invalid-opentimestamps');
    expect(codeOf(() => parseDetachedTimestamp(new Uint8Array(65_537)))).to.equal('too-large');
  });

  it('takes 255 operations after one another and refuses 256, as stock clients do', () => {
    const deep = (count: number) =>
      concat(
        OTS_MAGIC,
        Uint8Array.of(1, 8),
        DIGEST,
        new Uint8Array(count).fill(8),
        parseHex(BITCOIN_7.replaceAll(' ', '')),
      );
    expect(codeOf(() => parseDetachedTimestamp(deep(255)))).to.equal('accepted');
    expect(codeOf(() => parseDetachedTimestamp(deep(256)))).to.equal('too-deep');
    const chain = (count: number) => ({ digest: DIGEST, timestamp: chainOf(new Array(count).fill(SHA256), END) });
    expect(codeOf(() => encodeDetachedTimestamp(chain(255)))).to.equal('accepted');
    expect(codeOf(() => encodeDetachedTimestamp(chain(256)))).to.equal('too-deep');
  });
});

describe('encodeTimestamp', () => {
  it('writes nothing that could not be read again', () => {
    expect(codeOf(() => encodeTimestamp({ branches: [] }, 32))).to.equal('invalid-opentimestamps');
    expect(codeOf(() => encodeTimestamp(chainOf([append(new Uint8Array(0))], END), 32))).to.equal(
      'invalid-opentimestamps',
    );
    expect(codeOf(() => encodeTimestamp(chainOf([append(new Uint8Array(4065))], END), 32))).to.equal('too-large');
    const query: Timestamp = { branches: [{ attestation: { kind: 'pending', uri: 'https://a.example/?b' } }] };
    expect(codeOf(() => encodeTimestamp(query, 32))).to.equal('invalid-opentimestamps');
  });
});

describe('attestationsOf', () => {
  it('computes the message that each attestation is about', () => {
    const made = chainOf(
      [append(encodeUtf8('a')), { kind: 'prepend', argument: encodeUtf8('b') }, SHA256, { kind: 'hexlify' }],
      END,
    );
    const message = encodeUtf8(encodeHex(sha256(concat(encodeUtf8('b'), DIGEST, encodeUtf8('a')))));
    expect(attestationsOf(made, DIGEST)).to.deep.equal([{ attestation: PENDING, message }]);
  });

  it('names what lies behind an operation that it does not compute, without a message', () => {
    expect(attestationsOf(chainOf([{ kind: 'ripemd160' }, SHA256], END), DIGEST)).to.deep.equal([
      { attestation: PENDING, message: undefined },
    ]);
  });
});

describe('mergeTimestamps', () => {
  it('keeps everything once, shares what is common, and does not depend on the order', () => {
    fc.assert(
      fc.property(timestamp, timestamp, (a, b) => {
        const merged = mergeTimestamps([a, b]);
        expect(mergeTimestamps([b, a, merged])).to.deep.equal(merged);
        const key = (t: Timestamp) =>
          new Set(attestationsOf(t, DIGEST).map(({ attestation: x, message: m }) => JSON.stringify([x, m])));
        expect(key(merged)).to.deep.equal(new Set([...key(a), ...key(b)]));
        expect(parseTimestamp(encodeTimestamp(merged, 32), 32)).to.deep.equal(merged);
      }),
    );
  });
});

describe('docs/formats/opentimestamps.md', () => {
  it('shows a proof that leads from the file it names to the root and the attestations it names', async () => {
    const page = await readFile(new URL('../../docs/formats/opentimestamps.md', import.meta.url), 'utf8');
    const example = /^```ots\n(.*?)^```/ms.exec(page)?.[1] ?? '';
    const bytes = parseHex(example.replace(/#.*$/gm, '').replace(/\s/g, ''));
    expect(page).to.include(`${bytes.length} bytes`);
    const { digest, timestamp } = parseDetachedTimestamp(bytes);
    expect(encodeDetachedTimestamp({ digest, timestamp: mergeTimestamps([timestamp]) })).to.deep.equal(bytes);
    expect(digest).to.deep.equal(sha256(encodeUtf8('证据 evidence\n')));
    expect(attestationsOf(timestamp, digest).map(({ attestation: a }) => a)).to.deep.equal([
      { kind: 'bitcoin', height: 900_000 },
      { kind: 'pending', uri: 'https://calendar.example.org' },
    ]);
  });
});
