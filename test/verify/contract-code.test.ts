import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parseHex } from '../../src/format/bytes.ts';
import { recogniseContract } from '../../src/verify/contract-code.ts';
import { PUBLISHED_BUILDS } from '../../src/verify/published-contract.ts';

const build = PUBLISHED_BUILDS[0]!;
const ORIGIN_HASH = new Uint8Array(32).fill(7);

/** Code as it stands at an address after deployment. */
function deployed(originHash = ORIGIN_HASH): Uint8Array {
  const code = parseHex(build.runtimeCode);
  for (const at of build.originHashAt) code.set(originHash, at);
  for (const at of build.guardianAt) code.set(new Uint8Array(20).fill(9), at + 12);
  return code;
}

describe('PUBLISHED_BUILDS', () => {
  it('begins with what the sources of this version compile to', () => {
    const compiled = JSON.parse(
      readFileSync(new URL('../../build/contracts/EvidenceLog.json', import.meta.url), 'utf8'),
    ) as { deployedBytecode: string; immutableReferences: Record<string, { start: number; length: number }[]> };
    expect(compiled.deployedBytecode).to.equal(`0x${build.runtimeCode}`);
    const places = Object.values(compiled.immutableReferences).flat();
    expect(places.map(({ start }) => start).sort((a, b) => a - b)).to.deep.equal(
      [...build.originHashAt, ...build.guardianAt].sort((a, b) => a - b),
    );
    for (const { length } of places) expect(length).to.equal(32);
  });
});

describe('recogniseContract', () => {
  it('knows the published build whatever guardian and log it was made for, and reads the log out of it', () => {
    expect(recogniseContract(deployed())).to.deep.equal({ kind: 'published', originHash: ORIGIN_HASH });
    const other = new Uint8Array(32).fill(1);
    expect(recogniseContract(deployed(other))).to.deep.equal({ kind: 'published', originHash: other });
  });

  it('tells an address without code', () => {
    expect(recogniseContract(new Uint8Array(0))).to.deep.equal({ kind: 'none' });
  });

  it('takes code that differs in any one byte outside the immutables for other code', () => {
    const isImmutable = (at: number) =>
      [...build.originHashAt, ...build.guardianAt].some((start) => at >= start && at < start + 32);
    const code = deployed();
    for (let at = 0; at < code.length; at++) {
      if (isImmutable(at)) continue;
      code[at]! ^= 1;
      expect(recogniseContract(code).kind, `byte ${at}`).to.equal('other');
      code[at]! ^= 1;
    }
    expect(recogniseContract(code).kind).to.equal('published');
  });

  it('takes code with more or fewer bytes for other code', () => {
    const code = deployed();
    expect(recogniseContract(code.slice(0, -1)).kind).to.equal('other');
    expect(recogniseContract(Uint8Array.from([...code, 0])).kind).to.equal('other');
    expect(recogniseContract(Uint8Array.of(0xfe)).kind).to.equal('other');
  });
});
