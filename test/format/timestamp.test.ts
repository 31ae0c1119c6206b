import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { CodedError } from '../../src/errors.ts';
import {
  encodeTimestampRejection,
  encodeTimestampRequest,
  encodeTimestampResponse,
  encodeTstInfo,
  FAILURES,
  IMPRINT_BYTES,
  IMPRINT_OIDS,
  type ImprintAlgorithm,
  imprintAlgorithmOf,
  parseTimestampRequest,
  parseTimestampResponse,
  parseTstInfo,
  type TimestampFailure,
} from '../../src/format/timestamp.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { int, makeTimestampWorld, makeToken, octets, seq, tlv } from '../support/timestamp-world.ts';

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'accepted';
};
const imprint = {
  algorithm: IMPRINT_OIDS.sha256,
  digest: new Uint8Array(createHash('sha256').update('hello').digest()),
};
const imprints = fc
  .constantFrom<ImprintAlgorithm>('sha256', 'sha384', 'sha512')
  .chain((name) =>
    fc
      .uint8Array({ minLength: IMPRINT_BYTES[name], maxLength: IMPRINT_BYTES[name] })
      .map((digest) => ({ algorithm: IMPRINT_OIDS[name], digest })),
  );
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const policies = fc.constantFrom('1.2.3', '1.3.6.1.4.1.57264.2', '2.16.840.1.113839.0.6.13.3');

describe('a timestamp request', () => {
  const folder = useTemporaryFolder();

  it('comes back as it was written', () => {
    const requests = fc.record({
      imprint: imprints,
      policy: maybe(policies),
      nonce: maybe(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })),
      certReq: fc.boolean(),
    });
    fc.assert(
      fc.property(requests, (request) => {
        expect(parseTimestampRequest(encodeTimestampRequest(request))).to.deep.equal({ ...request, extensions: [] });
      }),
    );
  });

  it('is refused in another version, cut off, with something behind it, or too large', () => {
    const good = encodeTimestampRequest({ imprint, policy: undefined, nonce: 7n, certReq: true });
    expect(refusal(() => parseTimestampRequest(good))).to.equal('accepted');
    const second = good.slice();
    second[4] = 2;
    expect(refusal(() => parseTimestampRequest(second))).to.equal('unknown-type');
    expect(refusal(() => parseTimestampRequest(good.slice(0, -1)))).to.equal('invalid-der');
    expect(refusal(() => parseTimestampRequest(Uint8Array.from([...good, 0])))).to.equal('invalid-der');
    expect(refusal(() => parseTimestampRequest(new Uint8Array(8193)))).to.equal('too-large');
  });

  it('is one that OpenSSL reads', function () {
    const path = join(folder(), 'request.tsq');
    writeFileSync(path, encodeTimestampRequest({ imprint, policy: '1.2.3.4', nonce: 0xdeadbeefn, certReq: true }));
    const text = openssl(this, 'ts', '-query', '-in', path, '-text');
    expect(text)
      .to.contain('Hash Algorithm: sha256')
      .and.contain('Policy OID: 1.2.3.4')
      .and.contain('Nonce: 0xDEADBEEF');
    expect(text).to.contain('Certificate required: yes');
  });
});

describe('TSTInfo', () => {
  it('comes back as it was written', () => {
    const infos = fc.record({
      policy: policies,
      imprint: imprints,
      serial: fc.bigInt({ min: 0n, max: (1n << 159n) - 1n }),
      genTimeUnixMs: fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2100, 0) }),
      accuracyMs: maybe(fc.integer({ min: 1, max: 86_400_000 })),
      ordering: fc.boolean(),
      nonce: maybe(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
    });
    fc.assert(
      fc.property(infos, (info) => {
        expect(parseTstInfo(encodeTstInfo(info))).to.deep.equal({
          ...info,
          genTimeUnitMs: info.genTimeUnixMs % 1000 === 0 ? 1000 : 1,
          extensions: [],
        });
      }),
    );
  });
});

describe('a timestamp response', () => {
  const folder = useTemporaryFolder();
  const { signer } = makeTimestampWorld();
  const token = makeToken({ signer, message: Buffer.from('hello') });

  it('gives its token back', () => {
    expect(parseTimestampResponse(encodeTimestampResponse(token))).to.deep.equal({ granted: true, token });
    const withMods = seq(seq(int(1)), token);
    expect(parseTimestampResponse(withMods)).to.deep.equal({ granted: true, token });
  });

  it('says why there is none', () => {
    for (const failure of Object.keys(FAILURES) as TimestampFailure[]) {
      const response = encodeTimestampRejection(failure, '原因 why');
      expect(parseTimestampResponse(response)).to.deep.equal({ granted: false, status: 2, failure });
    }
    const waiting = seq(seq(int(3), seq(tlv(0x0c, Buffer.from('later')), tlv(0x0c, Buffer.from('perhaps')))));
    expect(parseTimestampResponse(waiting)).to.deep.equal({ granted: false, status: 3, failure: 'later perhaps' });
    expect(parseTimestampResponse(seq(seq(int(4))))).to.deep.equal({
      granted: false,
      status: 4,
      failure: 'unspecified',
    });
  });

  it('is refused if it grants nothing, holds more, or is too large', () => {
    expect(refusal(() => parseTimestampResponse(seq(seq(int(0)))))).to.equal('invalid-der');
    expect(refusal(() => parseTimestampResponse(seq(seq(int(0)), token, octets(token))))).to.equal('invalid-der');
    expect(refusal(() => parseTimestampResponse(Buffer.concat([seq(seq(int(0)), token), Buffer.alloc(1)])))).to.equal(
      'invalid-der',
    );
    expect(refusal(() => parseTimestampResponse(new Uint8Array(131_073)))).to.equal('too-large');
  });

  it('is one that OpenSSL reads, with token and without', function () {
    const path = join(folder(), 'response.tsr');
    writeFileSync(path, encodeTimestampResponse(token));
    expect(openssl(this, 'ts', '-reply', '-in', path, '-text'))
      .to.contain('Status: Granted')
      .and.contain('0x4B1D');
    writeFileSync(path, encodeTimestampRejection('unacceptedPolicy', 'not mine'));
    const rejected = openssl(this, 'ts', '-reply', '-in', path, '-text');
    expect(rejected)
      .to.contain('Status: Rejected')
      .and.contain('not mine')
      .and.match(/policy is not supported/);
  });
});

describe('imprintAlgorithmOf', () => {
  it('knows SHA-256, SHA-384 and SHA-512, and no other', () => {
    expect(Object.values(IMPRINT_OIDS).map(imprintAlgorithmOf)).to.deep.equal(['sha256', 'sha384', 'sha512']);
    expect(imprintAlgorithmOf('1.3.14.3.2.26')).to.equal(undefined);
  });
});

/** Skips where there is no OpenSSL. */
function openssl(test: Mocha.Context, ...parameters: string[]): string {
  try {
    return execFileSync('openssl', parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') test.skip();
    throw error;
  }
}
