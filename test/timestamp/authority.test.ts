import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { sealingKeyFromPem } from '../../src/certificate/sealing-key.ts';
import { encodeTimestampRequest, IMPRINT_OIDS, parseTimestampResponse } from '../../src/format/timestamp.ts';
import { BuiltInAuthority } from '../../src/timestamp/authority.ts';
import { EVALUATION_POLICY, makeEvaluationAuthority } from '../../src/timestamp/evaluation-authority.ts';
import { encodePem } from '../../src/timestamp/x509-maker.ts';
import { judgeToken, NO_MATERIAL, openTimestampToken } from '../../src/verify/timestamp.ts';
import { parseX509, type X509 } from '../../src/verify/x509-chain.ts';
import { ServiceWorld } from '../http/service-world.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { int, octets, oid, seq, tlv } from '../support/timestamp-world.ts';

const run = promisify(execFile);
const NOW = Date.UTC(2026, 10, 22, 3, 6, 0, 123);
const MESSAGE = new TextEncoder().encode('证据 evidence');

interface Opened {
  authority: BuiltInAuthority;
  rootPem: string;
  root: X509;
  clock: { nowMs: number; isRight: boolean };
}

async function openAuthority(nowMs = NOW): Promise<Opened> {
  const pem = await makeEvaluationAuthority(nowMs - 1000);
  const key = sealingKeyFromPem(pem, pem);
  const clock = { nowMs, isRight: true };
  const authority = new BuiltInAuthority({
    key,
    policy: EVALUATION_POLICY,
    nowMs: () => clock.nowMs,
    accuracyMs: 1000,
    isClockRight: () => clock.isRight,
  });
  const rootDer = key.certificateChain.at(-1) as Uint8Array;
  return { authority, rootPem: encodePem('CERTIFICATE', rootDer), root: parseX509(rootDer) as X509, clock };
}

const ofMessage = (bytes = 32) => ({ algorithm: IMPRINT_OIDS.sha256, digest: new Uint8Array(bytes).fill(7) });
const DIGEST = { algorithm: 'sha256' as const, digest: ofMessage().digest };

describe('BuiltInAuthority.reply', () => {
  let opened: Opened;
  before(async () => {
    opened = await openAuthority();
  });
  afterEach(() => {
    opened.clock.isRight = true;
  });
  const granted = (request: Uint8Array): Uint8Array => {
    const response = parseTimestampResponse(opened.authority.reply(request));
    if (!response.granted) throw new Error(`rejected: ${response.failure}`);
    return response.token;
  };
  const plain = { imprint: ofMessage(), policy: undefined, nonce: undefined, certReq: true };

  it('gives a token that stands under its root, with time, accuracy, policy and nonce as they should be', async () => {
    const nonce = 0xfedcba9876543210n;
    const token = await openTimestampToken(granted(encodeTimestampRequest({ ...plain, nonce })), DIGEST, NO_MATERIAL);
    expect(token).to.include({
      ok: true,
      genTimeUnixMs: NOW,
      accuracyMs: 1000,
      policy: EVALUATION_POLICY,
      nonce,
      hashAlgorithm: 'sha256',
    });
    if (!token.ok) return;
    const judged = await judgeToken(token, NO_MATERIAL, [{ certificate: opened.root, independent: false }]);
    expect(judged.standing).to.equal('trusted');
  });

  it('brings the certificate along only if it was asked for', async () => {
    const bare = granted(encodeTimestampRequest({ ...plain, certReq: false }));
    expect(await openTimestampToken(bare, DIGEST, NO_MATERIAL)).to.deep.equal({
      ok: false,
      reason: 'signer-certificate-absent',
    });
    expect(bare.length).to.be.lessThan(granted(encodeTimestampRequest(plain)).length - 400);
  });

  it('takes its own policy by name, and never the same serial number twice, not even after a restart', async () => {
    const again = await openAuthority();
    const serials = new Set<string>();
    for (const { authority } of [opened, opened, again, again]) {
      const request = encodeTimestampRequest({ ...plain, policy: EVALUATION_POLICY });
      const response = parseTimestampResponse(authority.reply(request));
      const token = response.granted ? await openTimestampToken(response.token, DIGEST, NO_MATERIAL) : undefined;
      if (token?.ok) serials.add(token.serial);
    }
    expect(serials.size).to.equal(4);
  });

  const extended = seq(
    int(1),
    seq(seq(oid(IMPRINT_OIDS.sha256), tlv(0x05)), octets(DIGEST.digest)),
    tlv(0xa0, seq(oid('1.2.3.4'), octets(new Uint8Array(1)))),
  );
  const rejections: [what: string, failure: string, request: Uint8Array][] = [
    ['nothing', 'badDataFormat', new Uint8Array()],
    ['garbage', 'badDataFormat', new Uint8Array(300).fill(0x30)],
    ['a request with something behind it', 'badDataFormat', Buffer.concat([encodeTimestampRequest(plain), tlv(0x05)])],
    ['too much', 'badDataFormat', new Uint8Array(9000)],
    ['version 2', 'badRequest', seq(int(2), seq(seq(oid(IMPRINT_OIDS.sha256)), octets(DIGEST.digest)))],
    [
      'a SHA-1 imprint',
      'badAlg',
      encodeTimestampRequest({ ...plain, imprint: { algorithm: '1.3.14.3.2.26', digest: new Uint8Array(20) } }),
    ],
    ['a SHA-256 imprint of 31 bytes', 'badDataFormat', encodeTimestampRequest({ ...plain, imprint: ofMessage(31) })],
    ['another policy', 'unacceptedPolicy', encodeTimestampRequest({ ...plain, policy: '1.2.3.4.1' })],
    ['an extension', 'unacceptedExtension', extended],
  ];
  for (const [what, failure, request] of rejections) {
    it(`rejects ${what} with ${failure}`, () => {
      const response = parseTimestampResponse(opened.authority.reply(new Uint8Array(request)));
      expect(response).to.deep.equal({ granted: false, status: 2, failure });
    });
  }

  it('gives no time while the clock is out', () => {
    opened.clock.isRight = false;
    const response = parseTimestampResponse(opened.authority.reply(encodeTimestampRequest(plain)));
    expect(response).to.deep.equal({ granted: false, status: 2, failure: 'timeNotAvailable' });
  });
});

describe('/tsa', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  let world: ServiceWorld;
  let opened: Opened;
  before(async () => {
    // The real clock, since openssl looks at it.
    opened = await openAuthority(Date.now());
    const { authority, rootPem } = opened;
    world = await ServiceWorld.open({
      changeParts: (parts) => ({ ...parts, timestamping: { status: () => [], builtIn: { authority, rootPem } } }),
    });
  });
  after(() => world.close());
  const post = (body: Uint8Array, mediaType = 'application/timestamp-query') =>
    fetch(`${world.url}/tsa`, { method: 'POST', body, headers: { 'Content-Type': mediaType } });

  it('answers stock clients: openssl ts -query, curl, openssl ts -verify', async function () {
    const openssl = await run('openssl', ['version']).catch(() => undefined);
    const curl = await run('curl', ['--version']).catch(() => undefined);
    if (openssl === undefined || curl === undefined) {
      console.log('      skipped: no openssl or no curl on this machine');
      this.skip();
    }
    const file = (name: string) => join(folder(), name);
    await writeFile(file('message'), MESSAGE);
    await run('curl', ['-sf', '-o', file('root.pem'), `${world.url}/tsa/root.pem`]);
    expect(await readFile(file('root.pem'), 'utf8')).to.equal(opened.rootPem);
    for (const hash of ['-sha256', '-sha384', '-sha512']) {
      opened.clock.nowMs = Date.now();
      await run('openssl', ['ts', '-query', '-data', file('message'), hash, '-cert', '-out', file('query')]);
      const type = ['-H', 'Content-Type: application/timestamp-query'];
      await run('curl', [
        '-sf',
        ...type,
        '--data-binary',
        `@${file('query')}`,
        '-o',
        file('reply'),
        `${world.url}/tsa`,
      ]);
      const trust = ['-CAfile', file('root.pem')];
      for (const what of [
        ['-data', file('message')],
        ['-queryfile', file('query')],
      ]) {
        const { stdout, stderr } = await run('openssl', ['ts', '-verify', '-in', file('reply'), ...what, ...trust]);
        expect(`${stdout}${stderr}`).to.contain('Verification: OK');
      }
      await writeFile(file('other'), 'another message');
      const refused = await run('openssl', [
        'ts',
        '-verify',
        '-in',
        file('reply'),
        '-data',
        file('other'),
        ...trust,
      ]).then(
        () => 'accepted',
        () => 'refused',
      );
      expect(refused).to.equal('refused');
    }
  });

  it('answers what is no request by a rejection, and what it cannot take by a problem', async () => {
    const rejected = await post(new TextEncoder().encode('hello'));
    expect([rejected.status, rejected.headers.get('content-type')]).to.deep.equal([200, 'application/timestamp-reply']);
    const response = parseTimestampResponse(new Uint8Array(await rejected.arrayBuffer()));
    expect(response).to.deep.include({ granted: false, failure: 'badDataFormat' });
    const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code];
    expect(await codeOf(await post(new Uint8Array(9000)))).to.deep.equal([413, 'body-too-large']);
    expect(await codeOf(await post(new Uint8Array(9), 'text/plain'))).to.deep.equal([415, 'unsupported-media-type']);
    expect(await codeOf(await fetch(`${world.url}/tsa`, { method: 'DELETE' }))).to.deep.equal([
      405,
      'method-not-allowed',
    ]);
  });

  it('says how it is asked', async () => {
    const answer = await fetch(`${world.url}/tsa`);
    expect(answer.headers.get('content-type')).to.equal('text/plain; charset=utf-8');
    expect(await answer.text())
      .to.match(/openssl ts -query/)
      .and.match(/不得作为证据使用/);
  });

  it('is not there where the service has none, as in production', async () => {
    const none = await ServiceWorld.open();
    const answer = await fetch(`${none.url}/tsa`);
    await none.close();
    expect(answer.status).to.equal(404);
  });
});
