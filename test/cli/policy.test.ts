import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { makeEvaluationSeal } from '../../src/certificate/evaluation-seal.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

type Answer = Uint8Array | { status: number } | { location: string };

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function tiezheng(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) => {
      resolve({ code: (error as { code?: number } | null)?.code ?? 0, stdout, stderr });
    });
  });
}

describe('tiezheng policy', function () {
  this.timeout(60_000);
  let folder: string;
  let world: EvidenceWorld;
  let server: Server;
  let url: string;
  /** What the office gives out just now. */
  let published: Answer;
  const at = (name: string) => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiezheng-policy-'));
    world = await makeWorld();
    await writeFile(at('policy.json'), JSON.stringify(world.policy, null, 2));
    await writeFile(at('certificate.json'), encodeObject(world.certificate));
    await writeFile(at('file-1'), world.files[0]!.bytes);
    for (const who of ['office', 'stranger']) {
      const pem = await makeEvaluationSeal(Date.UTC(2026, 0, 1));
      await writeFile(at(`${who}-key.pem`), pem.keyPem);
      await writeFile(at(`${who}.pem`), pem.certificatePem);
    }
    server = createServer((_, response) => {
      if (published instanceof Uint8Array) response.end(published);
      else if ('status' in published) response.writeHead(published.status).end();
      else response.writeHead(302, published).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/policy.json`;
  });

  after(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  const sign = async (serial: string, who = 'office', ...more: string[]) => {
    const out = at(`signed-${who}-${serial}.json`);
    const result = await tiezheng(
      ...['policy', 'sign', '--key', at(`${who}-key.pem`), '--certificate', at(`${who}.pem`)],
      ...['--serial', serial, '--out', out, ...more, at('policy.json')],
    );
    expect(result.stderr).to.equal('');
    return new Uint8Array(await readFile(out));
  };
  const fetchTo = (out: string) => tiezheng('policy', 'fetch', url, '--signer', at('office.pem'), '--out', out);

  it('checks a policy in plain words and keeps exit code 0 for warnings', async () => {
    const clean = await tiezheng('policy', 'check', at('policy.json'));
    expect(clean.code).to.equal(0);
    expect(clean.stdout).to.match(/Log log\.example\.org\/2026[\s\S]*无 {2}none$/m);
    await writeFile(at('warned.json'), JSON.stringify({ ...world.policy, evaluation: true }));
    const warned = await tiezheng('policy', 'check', '--json', at('warned.json'));
    expect(warned.code).to.equal(0);
    expect(JSON.parse(warned.stdout).warnings.map((w: { code: string }) => w.code)).to.deep.equal(['evaluation']);
  });

  it('names a wrong field and what it takes', async () => {
    await writeFile(at('wrong.json'), JSON.stringify({ ...world.policy, independentTimesRequired: 'two' }));
    const result = await tiezheng('policy', 'check', at('wrong.json'));
    expect(result.code).to.equal(3);
    expect(result.stderr).to.match(
      /invalid-field: independentTimesRequired: expected an integer from 0 to 16; got "two"/,
    );
  });

  it('verifies under a signed policy as under the one inside, and only with its signer named', async () => {
    await sign('1');
    const verify = (...more: string[]) => tiezheng('verify', at('certificate.json'), at('file-1'), '--json', ...more);
    const own = await verify('--policy', at('policy.json'));
    expect(own.code).to.equal(0);
    const signed = ['--policy', at('signed-office-1.json')];
    const named = await verify(...signed, '--policy-signer', at('office.pem'));
    expect(named).to.deep.equal(own);
    expect((await verify(...signed)).stderr).to.include('policy-signer-missing');
    const other = await verify(...signed, '--policy-signer', at('stranger.pem'));
    expect(other.code).to.equal(3);
    expect(other.stderr).to.include('policy-signed-by-another');
    expect((await verify('--policy-signer', at('office.pem'))).stderr).to.include('option-invalid');
  });

  it('fetches, replaces by a newer one, and keeps what it has against everything else', async () => {
    const out = at('fetched.json');
    published = await sign('5');
    expect((await fetchTo(out)).code).to.equal(0);
    expect(Buffer.from(published).equals(await readFile(out))).to.equal(true);
    published = await sign('6');
    expect((await fetchTo(out)).code).to.equal(0);
    const held = await readFile(out);
    expect(held.equals(published)).to.equal(true);

    const six = published;
    const refused: [code: string, answer: Answer][] = [
      ['policy-older', await sign('4')],
      ['policy-serial-reused', await sign('6', 'office', '--issuer', 'another')],
      ['policy-of-another-name', await sign('7', 'office', '--name', 'another')],
      ['policy-signed-by-another', await sign('8', 'stranger')],
      ['policy-not-signed', encodeObject(world.policy)],
      [
        'policy-seal-invalid',
        new TextEncoder().encode(Buffer.from(six).toString().replace('"serial":6', '"serial":9')),
      ],
      ['not-json', six.slice(0, -10)],
      ['service-refused', { status: 500 }],
      ['service-unreachable', { location: url }],
    ];
    for (const [code, answer] of refused) {
      published = answer;
      const result = await fetchTo(out);
      expect(result.stderr, code).to.include(`tiezheng: ${code}:`);
      expect(result.code).to.equal(3);
      expect((await readFile(out)).equals(held), code).to.equal(true);
    }
    expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).to.deep.equal([]);
  });

  it('does not overwrite a policy that somebody wrote by hand, nor fetch over plain http from elsewhere', async () => {
    published = await sign('5');
    const result = await fetchTo(at('policy.json'));
    expect(result.stderr).to.include('policy-of-another-name');
    expect(JSON.parse(await readFile(at('policy.json'), 'utf8'))).to.deep.equal(world.policy);
    const far = await tiezheng(
      'policy',
      'fetch',
      'http://example.org/p',
      '--signer',
      at('office.pem'),
      '--out',
      at('far.json'),
    );
    expect(far.stderr).to.include('option-invalid');
    await mkdir(at('a-folder'));
    expect((await fetchTo(at('a-folder'))).stderr).to.include('file-unreadable');
  });

  it('refuses to sign what no reader could open, or for a term in the past', async () => {
    const keys = ['--key', at('office-key.pem'), '--certificate', at('office.pem')];
    expect((await tiezheng('policy', 'sign', ...keys, at('certificate.json'))).stderr).to.include('unknown-type');
    const past = await tiezheng('policy', 'sign', ...keys, '--expires', '2020-01-01', at('policy.json'));
    expect(past.stderr).to.include('invalid-field: expiresAt');
    const mixed = ['--key', at('office-key.pem'), '--certificate', at('stranger.pem')];
    expect((await tiezheng('policy', 'sign', ...mixed, at('policy.json'))).stderr).to.include('sealing-key-mismatch');
  });
});
