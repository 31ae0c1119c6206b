import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseDepositorAnnex, parseStatementAnnex } from '../../src/format/annex.ts';
import { asHash32, encodeHex, encodeUtf8, parseHex } from '../../src/format/bytes.ts';
import { parseCheckpoint } from '../../src/format/checkpoint.ts';
import { commit } from '../../src/format/commitment.ts';
import { fileNameSchema, parseDepositRecord, parseFileEntry } from '../../src/format/deposit.ts';
import { checkObject } from '../../src/format/fields.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { parseNoteKey, verifyNote } from '../../src/format/note.ts';
import { parseReceipt } from '../../src/format/receipt.ts';
import { depositLeafData, fileLeafData } from '../../src/format/spine.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { verifyInclusion } from '../../src/merkle/inclusion.ts';
import { digestsOf } from '../support/file-digests.ts';

const page = (name: string) => readFileSync(new URL(`../../docs/formats/${name}.md`, import.meta.url), 'utf8');
/** The examples of a page, canonical. */
const examples = (name: string): JsonValue[] =>
  [...page(name).matchAll(/```json\n([\s\S]*?)```/g)].map((match) => JSON.parse(match[1] as string));
const canonical = (value: JsonValue | undefined) => encodeJson(value as JsonValue);

describe('the example deposit in docs/formats', () => {
  const record = parseDepositRecord(canonical(examples('deposit')[0]));
  const entry = parseFileEntry(canonical(examples('file')[0]));
  const name = checkObject(fileNameSchema, 'tiezheng/file-name/v1', examples('file')[1]);
  const depositor = parseDepositorAnnex(canonical(examples('annexes')[0]));
  const statement = parseStatementAnnex(canonical(examples('annexes')[1]));

  it('has the digests of its file', () => {
    const content = encodeUtf8('铁证如山\n');
    expect(entry.sizeBytes).to.equal(content.length);
    expect(entry.digests).to.deep.equal(digestsOf(content));
  });

  it('holds together from name and annexes up to the leaf, with the values on the pages', () => {
    expect(entry.nameCommitment).to.equal(encodeHex(commit(name)));
    expect(record.files.root).to.equal(encodeHex(leafHash(fileLeafData(entry))));
    expect(record.annexes).to.deep.equal({
      depositor: encodeHex(commit(depositor)),
      statement: encodeHex(commit(statement)),
    });
    for (const [on, value] of [
      ['file', commit(name)],
      ['file', commit(entry)],
      ['file', fileLeafData(entry)],
      ['deposit', commit(record)],
      ['deposit', depositLeafData(record)],
      ['deposit', leafHash(depositLeafData(record))],
    ] as const) {
      expect(page(on)).to.include(encodeHex(value));
    }
  });

  it('has a receipt that proves it under the key on the page', () => {
    const shown = examples('receipt')[0] as { [key: string]: JsonValue };
    const opened = { record, files: [{ entry, name }], annexes: { depositor, statement }, seals: [] };
    const receipt = parseReceipt(canonical({ ...shown, ...opened } as unknown as JsonValue));
    const checkpoint = parseCheckpoint(encodeUtf8(receipt.checkpoint));
    const vkey = /`(log\.example\.org\/2026\+[^`]+)`/.exec(page('receipt'))?.[1] as string;
    expect(verifyNote(checkpoint.note, parseNoteKey(vkey))).to.equal('valid');
    const proof = {
      leafIndex: BigInt(receipt.leafIndex),
      treeSize: checkpoint.treeSize,
      hashes: receipt.inclusionProof.map((hash) => asHash32<'NodeHash'>(parseHex(hash))),
    };
    expect(() => verifyInclusion(leafHash(depositLeafData(record)), proof, checkpoint.rootHash)).not.to.throw();
  });
});
