import { expect } from 'chai';
import { encodeCosignatureKey } from '../../src/format/cosignature.ts';
import { encodeNoteKey } from '../../src/format/note.ts';
import { witnessSettingsSchema } from '../../src/witness/witness-settings.ts';

const keyOf = (byte: number) => new Uint8Array(32).fill(byte);
const vkey = encodeCosignatureKey('a.example.org', keyOf(1));
const one = { vkey, url: 'https://a.example.org' };
const good = { witnesses: [one], quorum: 1, withoutQuorum: 'stop' };

describe('the settings of witnesses', () => {
  it('are taken with a default of five seconds', () => {
    expect(witnessSettingsSchema.parse(good)).to.deep.equal({ ...good, timeoutMs: 5000 });
    expect(
      witnessSettingsSchema.safeParse({ ...good, witnesses: [{ ...one, url: 'http://127.0.0.1:8050/w' }] }).success,
    ).to.equal(true);
  });

  for (const [what, settings, message] of [
    [
      'a way that others can be on',
      { ...good, witnesses: [{ ...one, url: 'http://a.example.org' }] },
      /expected https/,
    ],
    ['a key that signs notes', { ...good, witnesses: [{ ...one, vkey: encodeNoteKey('a', keyOf(1)) }] }, /algorithm 1/],
    [
      'a key whose id is wrong',
      { ...good, witnesses: [{ ...one, vkey: vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+') }] },
      /key id/,
    ],
    ['a quorum that cannot be met', { ...good, quorum: 2 }, /2 of 1/],
    [
      'one key under two names',
      { ...good, witnesses: [one, { ...one, vkey: encodeCosignatureKey('b.example.org', keyOf(1)) }] },
      /same public key/,
    ],
    ['no word on what happens without the quorum', { witnesses: [one], quorum: 1 }, /withoutQuorum|Invalid option/],
    ['nobody', { ...good, witnesses: [] }, /Too small/],
  ] as const) {
    it(`are refused with ${what}`, () => {
      const result = witnessSettingsSchema.safeParse(settings);
      expect(result.error?.message).to.match(message);
    });
  }
});
