import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { runVector, VECTORS, type Vector } from '../support/vectors.ts';

const SECOND = fileURLToPath(new URL('../second-implementation/', import.meta.url));
const vectors = JSON.parse(readFileSync(`${VECTORS}index.json`, 'utf8')) as Vector[];
const nameOf = ({ file, status }: Vector) => status ?? file;

describe('the vectors', () => {
  const areas = [...new Set(vectors.map((vector) => nameOf(vector).split('/')[0] as string))];
  for (const area of areas) {
    describe(area, () => {
      for (const { expect: expected, catches, ...vector } of vectors.filter((v) => nameOf(v).startsWith(`${area}/`))) {
        it(`${nameOf({ ...vector, expect: expected, catches }).slice(area.length + 1)}: ${catches}`, async () => {
          expect(await runVector(vector)).to.deep.equal(expected);
        });
      }
    });
  }

  it('are all in the index', () => {
    const listed = new Set(vectors.flatMap((v) => [v.file, v.policy, v.status, v.signer, v.held, ...v.files]));
    const stray = areas.flatMap((area) =>
      (readdirSync(`${VECTORS}${area}`, { recursive: true }) as string[])
        .map((path) => `${area}/${path}`)
        .filter((path) => /\/(?:good|bad)\//.test(path) && statSync(VECTORS + path).isFile() && !listed.has(path)),
    );
    expect(stray).to.deep.equal([]);
  });

  it('are decided alike by the second implementation', async function () {
    this.timeout(120_000);
    const ready = await promisify(execFile)('python3', ['-c', 'import cryptography']).then(
      () => true,
      () => false,
    );
    if (!ready) {
      console.log(
        '      skipped: no python3 with the package cryptography; scripts/second-implementation.sh makes one',
      );
      this.skip();
    }
    const said = await promisify(execFile)('python3', ['-B', `${SECOND}compare.py`]).catch(({ stdout }) => ({
      stdout,
    }));
    expect(said.stdout).to.match(new RegExp(`^${vectors.length} of ${vectors.length} vectors agree`));
  });
});
