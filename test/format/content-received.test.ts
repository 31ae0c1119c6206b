import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { CodedError } from '../../src/errors.ts';
import { encodeHex } from '../../src/format/bytes.ts';
import { type ContentReceived, parseContentReceived } from '../../src/format/content-received.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import { plainLeafData } from '../../src/format/spine.ts';
import { leafHash } from '../../src/merkle/hash.ts';

const PAGE = readFileSync(new URL('../../docs/formats/content-received.md', import.meta.url), 'utf8');
const example = JSON.parse(/^```json\n(.*?)^```$/ms.exec(PAGE)?.[1] as string) as ContentReceived;
const bytes = (value: object) => encodeJson(value as JsonValue);

describe('tiezheng/content-received/v1', () => {
  it('has the leaf that its page says', () => {
    const leafData = plainLeafData(parseContentReceived(bytes(example)));
    expect(PAGE).to.contain(`\`${encodeHex(leafData)}\`, leaf hash \`${encodeHex(leafHash(leafData))}\``);
  });

  it('refuses what is left out, added or spelled otherwise', () => {
    const code = (value: object) => {
      try {
        parseContentReceived(bytes(value));
        return 'accepted';
      } catch (error) {
        return (error as CodedError).code;
      }
    };
    for (const member of Object.keys(example).filter((name) => name !== 'type')) {
      const { [member as keyof ContentReceived]: _, ...rest } = example;
      expect(code(rest), member).to.equal('invalid-field');
    }
    expect(code({ ...example, sizeBytes: 1 })).to.equal('invalid-field');
    expect(code({ ...example, digests: { ...example.digests, sm3: null } })).to.equal('invalid-field');
    expect(code({ ...example, entry: 'A1'.repeat(32) })).to.equal('invalid-field');
    expect(code({ ...example, type: 'tiezheng/certified/v1' })).to.equal('unknown-type');
  });
});
