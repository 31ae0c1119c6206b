import { execFile } from 'node:child_process';
import { openAsBlob } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BlobReader, Uint8ArrayWriter, ZipReader } from '@zip.js/zip.js';
import { expect } from 'chai';
import { freePort } from '../../src/evaluation/child-process.ts';
import { parseBase64, parseBase64Url } from '../../src/format/bytes.ts';
import { parseCertificate } from '../../src/format/certificate.ts';
import { parseReport } from '../../src/format/report.ts';
import { encodePem } from '../../src/timestamp/x509-maker.ts';
import { NO_MATERIAL, openTimestampToken } from '../../src/verify/timestamp.ts';
import { subjectOf } from '../../src/verify/x509-chain.ts';
import { makeTrialFolder, ServiceProcess } from '../resilience/service-process.ts';
import { issue, makeCrl } from '../support/timestamp-world.ts';
import { at, FakeAuthority, validNow } from './authority-world.ts';

const run = promisify(execFile);

describe('a service with an authority that is well, one that lies and one that is gone', function () {
  this.timeout(180_000);
  let folder: string;
  let service: ServiceProcess;
  let well: FakeAuthority;
  let liar: FakeAuthority;
  const out = (name: string) => join(folder, 'out', name);

  before(async () => {
    const trial = await makeTrialFolder();
    folder = trial.folder;
    liar = await FakeAuthority.open();
    liar.spoil = (request) => liar.grant({ ...request, nonce: 1n });
    const gone = await FakeAuthority.open();
    await gone.close();
    const root = issue({ name: 'Root of the well', ca: true, ...validNow() });
    well = await FakeAuthority.open({ root, issuer: root, signer: root });
    well.signer = issue({ name: 'The well', issuer: root, crlUrl: `${well.origin}/root.crl`, ...validNow() });
    well.token = { embedded: [well.signer] };
    const crl = makeCrl({
      issuer: root,
      thisUpdate: `${at(-3600_000).slice(0, 19)}Z`,
      nextUpdate: `${at(86_400_000).slice(0, 19)}Z`,
    });
    well.files.set('/root.crl', () => ({ status: 200, body: crl }));

    const settings = await Promise.all(
      [liar, gone, well].map(async (authority, i) => {
        const roots = join(folder, `roots-${i}.pem`);
        await writeFile(roots, encodePem('CERTIFICATE', authority.root.der));
        return { name: `authority ${i}`, operator: `operator ${i}`, url: authority.url, roots, independent: true };
      }),
    );
    await writeFile(join(folder, 'authorities.json'), JSON.stringify(settings));
    service = new ServiceProcess(await freePort(), ['--evaluation'], {
      TIEZHENG_DATA: trial.data,
      TIEZHENG_LOG_LEVEL: 'error',
      TIEZHENG_AUTHORITIES_FILE: join(folder, 'authorities.json'),
    });
    await service.start();
    await service.ready();
    await writeFile(join(folder, 'photo.txt'), '现场');
    const made = await service.command('deposit', join(folder, 'photo.txt'), '--wait', '--out', join(folder, 'out'));
    expect(made.code, made.output).to.equal(0);
  });
  after(async () => {
    await service?.stopIfRunning();
    await Promise.all([well?.close(), liar?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('certifies deposits with the tokens of those that are well, and nothing of the others', async () => {
    const certificate = parseCertificate(await readFile(out('certificate.json')));
    const signers: string[] = [];
    for (const { checkpoint, attestations } of certificate.publications) {
      for (const attestation of attestations) {
        if (attestation.type !== 'rfc3161') continue;
        const opened = await openTimestampToken(parseBase64(attestation.token), Buffer.from(checkpoint), NO_MATERIAL);
        signers.push(opened.ok ? subjectOf(opened.signer) : opened.reason);
      }
    }
    expect(signers.sort()).to.deep.equal([
      'The well',
      'Tiezheng EVALUATION time authority, not independent 铁证评估用时间戳',
    ]);
    const [seal] = certificate.seals;
    const signature = parseBase64Url(seal?.signature ?? '');
    const opened = await openTimestampToken(parseBase64(seal?.timestamp ?? ''), signature, NO_MATERIAL);
    expect(opened.ok && subjectOf(opened.signer)).to.equal('The well');
  });

  it('says how each authority is, and takes deposits all the same', async () => {
    const status = (await (await fetch(`${service.url}/api/v1/status`)).json()) as {
      authorities: { name: string; trouble: string | null }[];
      alarms: string[];
    };
    expect(status.authorities.map(({ trouble }) => trouble)).to.deep.equal([
      'authority-refused',
      'authority-unreachable',
      null,
      null,
    ]);
    expect(status.alarms).to.include('authority-refused');
    const ready = (await (await fetch(`${service.url}/readyz`)).json()) as {
      status: string;
      takesDeposits: boolean;
      checks: { name: string; status: string }[];
    };
    expect(ready).to.include({ status: 'degraded', takesDeposits: true });
    const degraded = ready.checks.filter((check) => check.status !== 'ok').map((check) => check.name);
    expect(degraded).to.deep.equal(['authorities']);
  });

  it('gives a package that verifies under its policy, with an independent time and the CRL beside it', async () => {
    const policy = join(folder, 'data/evaluation-policy.json');
    const { stdout } = await run(
      process.execPath,
      [
        new URL('../../bin/tiezheng.mjs', import.meta.url).pathname,
        'verify',
        out('package.zip'),
        '--policy',
        policy,
        '--json',
      ],
      { maxBuffer: 16 << 20 },
    );
    const report = parseReport(Buffer.from(stdout));
    const tokens = report.since.filter(({ name }) => name === 'rfc3161');
    expect(tokens.map(({ status }) => status)).to.deep.equal(['passed', 'passed']);
    expect(tokens.map(({ facts }) => facts?.revocation)).to.include('good');
    expect(report.times.notAfter).to.deep.include({ independent: true });
  });

  it('packs tokens and certificates so that openssl reads them', async function () {
    const reader = new ZipReader(new BlobReader(await openAsBlob(out('package.zip'))), { useWebWorkers: false });
    const proofs = new Map<string, Uint8Array>();
    for (const entry of await reader.getEntries()) {
      if (entry.directory || !entry.filename.startsWith('data/proofs/')) continue;
      proofs.set(entry.filename.slice('data/proofs/'.length), await entry.getData(new Uint8ArrayWriter()));
    }
    const names = [...proofs.keys()];
    expect(names).to.include.members(['checkpoint.txt', 'checkpoint.1.tst', 'checkpoint.2.tst', 'authority-1.crl']);
    expect(names.filter((name) => name.endsWith('.der'))).to.have.length(4);

    if ((await run('openssl', ['version']).catch(() => undefined)) === undefined) {
      console.log('      skipped: no openssl on this machine');
      this.skip();
    }
    for (const [name, bytes] of proofs) await writeFile(join(folder, name), bytes);
    await run('openssl', ['crl', '-inform', 'DER', '-in', join(folder, 'authority-1.crl'), '-noout']);
    const verdicts = [];
    for (const token of ['checkpoint.1.tst', 'checkpoint.2.tst']) {
      for (const root of [join(folder, 'roots-2.pem'), join(folder, 'data/evaluation-tsa-root.pem')]) {
        const asked = [
          '-token_in',
          '-in',
          join(folder, token),
          '-data',
          join(folder, 'checkpoint.txt'),
          '-CAfile',
          root,
        ];
        const verdict = await run('openssl', ['ts', '-verify', ...asked]).then(
          ({ stdout, stderr }) => `${stdout}${stderr}`.includes('Verification: OK'),
          () => false,
        );
        verdicts.push(verdict);
      }
    }
    // Each token stands under the root of its own authority and not under the other's.
    expect(verdicts.filter(Boolean)).to.have.length(2);
    expect(verdicts[0]).to.not.equal(verdicts[1]);
  });
});
