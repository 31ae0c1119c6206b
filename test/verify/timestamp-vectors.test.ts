import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import { parseTimestampRequest } from '../../src/format/timestamp.ts';
import { judgeToken, NO_MATERIAL, openTimestampToken, parseTimestampResponse } from '../../src/verify/timestamp.ts';
import { parseX509, subjectOf, type X509 } from '../../src/verify/x509-chain.ts';
import { thirdPartyVectors } from '../support/third-party-vectors.ts';

/** What sigstore, IdenTrust and a local authority answered, from the tests of a public library. */
const HELLO = encodeUtf8('hello');
const VECTORS: [file: string, message: 'hello' | 'payload', root: string, verdict: string][] = [
  ['sigstage/response-sha256.tsr', 'hello', 'sigstage', 'trusted 2025-05-09T11:58:55.000Z ± 1000 ms'],
  ['sigstage/response-sha384.tsr', 'hello', 'sigstage', 'trusted 2025-05-09T11:58:55.000Z ± 1000 ms'],
  ['sigstage/response-sha512.tsr', 'hello', 'sigstage', 'trusted 2025-05-09T11:58:56.000Z ± 1000 ms'],
  ['sigstage/response-no-embedded-cert.tsr', 'hello', 'sigstage', 'trusted 2025-06-18T08:13:02.000Z ± 1000 ms'],
  ['sigstage/response-invalid-signature.tsr', 'hello', 'sigstage', 'signature-invalid'],
  // Its certificate expired in 2024; the token is from within its time.
  ['sigstore.mock/response-expired.tsr', 'payload', 'sigstore.mock', 'trusted 2023-02-01T00:00:00.000Z ± 1000 ms'],
  ['test_tsa/response.tsr', 'hello', 'test_tsa', 'trusted 2024-10-08T15:40:32.000Z ± 1000 ms'],
  // Another authority of the same names: its signer's issuer is none of these.
  ['test_tsa/other_response.tsr', 'hello', 'test_tsa', 'unknown-root'],
  // Two certificates of somebody else, one under the signer's name, were put among the real ones.
  ['test_tsa/response-injected-certs.tsr', 'hello', 'test_tsa', 'trusted 2024-10-08T15:40:32.000Z ± 1000 ms'],
  ['identrust/issue-104.tsr', 'hello', 'identrust', 'trusted 2025-03-11T08:52:08.000Z ± 1000 ms'],
  ['test_tsa/response.tsr', 'hello', 'sigstage', 'unknown-root'],
  ['test_tsa/response.tsr', 'payload', 'test_tsa', 'imprint-mismatch'],
];

describe('timestamp responses of other authorities', () => {
  const folder = thirdPartyVectors('rfc3161/test/fixtures');
  before(function () {
    if (folder === undefined) this.skip();
  });

  const read = (file: string) => new Uint8Array(readFileSync(`${folder}/${file}`));

  /** Certificates of a PEM file, or of one DER file. */
  function certificatesOf(name: string): X509[] {
    const bytes = readFileSync(`${folder}/${name}/ts_chain.pem`);
    const ders =
      bytes[0] === 0x30
        ? [new Uint8Array(bytes)]
        : [...bytes.toString('latin1').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)/g)].map(
            (match) => new Uint8Array(Buffer.from(match[1] as string, 'base64')),
          );
    return ders.map((der) => parseX509(der)).filter((x) => x !== undefined);
  }

  for (const [file, message, root, verdict] of VECTORS) {
    it(`${file} over ${message} under ${root}: ${verdict}`, async () => {
      const response = parseTimestampResponse(read(file));
      if (!response.granted) throw new Error('not granted');
      const chain = certificatesOf(root);
      const anchors = chain.filter(({ parsed }) => parsed.issuer.isEqual(parsed.subject));
      const material = { ...NO_MATERIAL, certificates: chain.map(({ der }) => der) };
      const bytes = message === 'hello' ? HELLO : read('sigstore.mock/payload');
      const opened = await openTimestampToken(response.token, bytes, material);
      if (!opened.ok) return expect(opened.reason).to.equal(verdict);
      const roots = (anchors.length > 0 ? anchors : chain).map((certificate) => ({ certificate, independent: true }));
      const judged = await judgeToken(opened, material, roots);
      const found =
        judged.standing === 'trusted'
          ? `trusted ${new Date(opened.genTimeUnixMs).toISOString()} ± ${opened.accuracyMs} ms`
          : judged.standing === 'refused'
            ? judged.reason
            : judged.standing;
      expect(found).to.equal(verdict);
      return undefined;
    });
  }

  it('needs the certificate that a response leaves out', async () => {
    const response = parseTimestampResponse(read('sigstage/response-no-embedded-cert.tsr'));
    if (!response.granted) throw new Error('not granted');
    const opened = await openTimestampToken(response.token, HELLO, NO_MATERIAL);
    expect(opened).to.deep.equal({ ok: false, reason: 'signer-certificate-absent' });
  });

  it('chooses the real signer among the certificates that were put in', async () => {
    const response = parseTimestampResponse(read('test_tsa/response-injected-certs.tsr'));
    if (!response.granted) throw new Error('not granted');
    const opened = await openTimestampToken(response.token, HELLO, NO_MATERIAL);
    if (!opened.ok) throw new Error(opened.reason);
    expect(subjectOf(opened.signer)).to.equal('Test TSA Timestamping');
    expect(opened.chain.map(subjectOf)[0]).to.equal('Test TSA Timestamping');
    expect(opened.chain.map(subjectOf)).to.not.include('Spoofed TSA');
  });

  it('reads their requests, and tells the one that a response answers from the other', async () => {
    const response = parseTimestampResponse(read('test_tsa/response.tsr'));
    if (!response.granted) throw new Error('not granted');
    const opened = await openTimestampToken(response.token, HELLO, NO_MATERIAL);
    if (!opened.ok) throw new Error(opened.reason);
    const asked = parseTimestampRequest(read('test_tsa/request.der'));
    expect(asked).to.deep.include({ nonce: opened.nonce, certReq: true, policy: undefined, extensions: [] });
    expect(Buffer.from(asked.imprint.digest).equals(createHash('sha512').update(HELLO).digest())).to.equal(true);
    expect(parseTimestampRequest(read('test_tsa/other_request.der')).nonce).to.not.equal(opened.nonce);
  });
});
