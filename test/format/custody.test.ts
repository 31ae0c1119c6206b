import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { bytesToSign } from '../../src/format/annex-signature.ts';
import { encodeHex } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import { parseCustodyActor, parseCustodyEvent, parseCustodyRecord } from '../../src/format/custody.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { leafHash } from '../../src/merkle/hash.ts';

const page = readFileSync(new URL('../../docs/formats/custody.md', import.meta.url), 'utf8');

/** The example of this type on the page, in its canonical spelling. */
function example(type: string): Uint8Array {
  const found = [...page.matchAll(/```json\n([\s\S]*?)```/g)]
    .map(([, text]) => JSON.parse(text as string) as { type: string })
    .find((value) => value.type === type);
  return encodeJson(found as unknown as JsonValue);
}

describe('the examples in docs/formats/custody.md', () => {
  it('parse, refer to each other, and have the hashes that stand there', () => {
    const event = parseCustodyEvent(example('tiezheng/custody-event/v1'));
    const record = parseCustodyRecord(example('tiezheng/custody/v1'));
    const actor = parseCustodyActor(example('tiezheng/custody-actor/v1'));
    expect(event.actor).to.equal(encodeHex(commit(actor)));
    expect(record.headHash).to.equal(encodeHex(commit(event)));
    for (const hash of [commit(event), plainLeafData(record), leafHash(plainLeafData(record))]) {
      expect(page).to.include(encodeHex(hash));
    }
  });

  it('and the bytes that a depositor signs are those of docs/formats/annexes.md', () => {
    const annexes = readFileSync(new URL('../../docs/formats/annexes.md', import.meta.url), 'utf8');
    expect(annexes).to.include(encodeHex(bytesToSign('aa'.repeat(32), 'bb'.repeat(32))));
  });
});
