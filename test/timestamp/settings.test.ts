import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { readCommonSettings } from '../../src/config.ts';
import { encodePem } from '../../src/timestamp/x509-maker.ts';
import { codeOf } from '../support/coded-error.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { makeAuthorityKeys } from './authority-world.ts';

describe('TIEZHENG_AUTHORITIES_FILE', () => {
  const folder = useTemporaryFolder();
  const { root, issuer } = makeAuthorityKeys();
  let roots: string;
  let file: string;
  beforeEach(async () => {
    roots = join(folder(), 'roots.pem');
    file = join(folder(), 'authorities.json');
    await writeFile(roots, `Root\n${encodePem('CERTIFICATE', root.der)}${encodePem('CERTIFICATE', issuer.der)}`);
  });

  const one = () => ({
    name: '示例时间戳',
    operator: '示例公司',
    url: 'https://tsa.example.org/tsr',
    roots,
    independent: true,
  });
  const read = async (content: unknown) => {
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return () => readCommonSettings({ TIEZHENG_AUTHORITIES_FILE: file }).authorities;
  };

  it('names the authorities with their certificates; none without it', async () => {
    expect(readCommonSettings({}).authorities).to.deep.equal([]);
    const [authority] = (await read([{ ...one(), policy: '1.2.3.4.1', maxAccuracySeconds: 1.5 }]))();
    expect(authority).to.deep.equal({
      name: '示例时间戳',
      operator: '示例公司',
      url: 'https://tsa.example.org/tsr',
      certificates: [root.der, issuer.der],
      policy: '1.2.3.4.1',
      independent: true,
      hash: 'sha256',
      timeoutMs: 10_000,
      maxAccuracyMs: 1500,
    });
  });

  it('is refused when it is not right', async () => {
    for (const [what, content] of [
      ['no JSON', '['],
      ['no list', {}],
      ['an empty list', []],
      ['an unknown member', [{ ...one(), trusted: true }]],
      ['an address that is none', [{ ...one(), url: 'ftp://tsa.example.org' }]],
      ['a policy that is no object identifier', [{ ...one(), policy: 'mine' }]],
      ['an old digest', [{ ...one(), hash: 'sha1' }]],
      ['no word on independence', [{ ...one(), independent: undefined }]],
      ['a root that is not there', [{ ...one(), roots: join(folder(), 'absent.pem') }]],
      ['a file without certificates', [{ ...one(), roots: file }]],
      ['the same authority twice', [one(), one()]],
    ] as const) {
      expect(codeOf(await read(content)), what).to.equal('setting-invalid');
    }
  });
});
