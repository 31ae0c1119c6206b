import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { expect } from 'chai';
import { signedDepositId } from '../../src/format/annex-signature.ts';
import { encodeBase64, encodeBase64Url, encodeUtf8, sha256 } from '../../src/format/bytes.ts';
import { parseReceipt, type Receipt } from '../../src/format/receipt.ts';
import type { DepositDetail } from '../../src/http/answers.ts';
import { checkSignatureAnnex } from '../../src/verify/annex-signature.ts';
import { choose, whatIsSigned } from '../../src/web/hand-in/what-is-signed.ts';
import { Person } from '../access/person.ts';
import { OpenApiCheck } from './openapi-check.ts';
import { ServiceWorld } from './service-world.ts';

const digest = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex');

/** An authenticator in software, with a key of its own. */
class Authenticator {
  readonly credentialId = randomBytes(16).toString('base64url');
  readonly #key: { publicKey: KeyObject; privateKey: KeyObject };
  readonly #kind: 'P-256' | 'Ed25519';

  constructor(kind: 'P-256' | 'Ed25519') {
    this.#kind = kind;
    this.#key = kind === 'P-256' ? generateKeyPairSync('ec', { namedCurve: kind }) : generateKeyPairSync('ed25519');
  }

  /** COSE_Key as CTAP2 writes it. */
  cose(): Buffer {
    const { x = '', y = '' } = this.#key.publicKey.export({ format: 'jwk' });
    const [first, second] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')];
    return this.#kind === 'P-256'
      ? Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), first, Buffer.from('225820', 'hex'), second])
      : Buffer.concat([Buffer.from('a4010103272006215820', 'hex'), first]);
  }

  get(challenge: Uint8Array, { origin, rpId, flags = 0x05 }: { origin: string; rpId: string; flags?: number }) {
    const authenticatorData = Buffer.concat([sha256(encodeUtf8(rpId)), Uint8Array.of(flags), new Uint8Array(4)]);
    const clientData = encodeUtf8(
      JSON.stringify({ type: 'webauthn.get', challenge: encodeBase64Url(challenge), origin, crossOrigin: false }),
    );
    const message = Buffer.concat([authenticatorData, sha256(clientData)]);
    const signature = sign(this.#kind === 'P-256' ? 'sha256' : null, message, this.#key.privateKey);
    return {
      credentialId: this.credentialId,
      authenticatorData: encodeBase64(authenticatorData),
      clientDataJson: encodeBase64(clientData),
      signature: encodeBase64(signature),
    };
  }
}

describe('a deposit that its depositor signs', () => {
  let world: ServiceWorld;
  let openApi: OpenApiCheck;
  let person: Person;
  let passkey: Authenticator;
  let page: { origin: string; rpId: string };
  before(async function () {
    this.timeout(60_000);
    world = await ServiceWorld.open({ people: { publicUrl: 'https://tiezheng.example.org' } });
    openApi = await OpenApiCheck.of(world.url);
    page = { origin: 'https://tiezheng.example.org', rpId: 'tiezheng.example.org' };
    person = await Person.signedIn(world, 'signer@example.org');
    passkey = new Authenticator('P-256');
    await own(person, passkey);
  });
  after(() => world.close());

  /** As if the person had made it here. */
  const own = async (owner: Person, authenticator: Authenticator) => {
    const { user } = (await owner.me()) as unknown as { user: { userId: string } };
    await world.db.pool.query(
      `insert into auth."passkey" ("id", "publicKey", "userId", "credentialID", "counter", "deviceType", "backedUp")
       values ($1, $2, $3, $1, 0, 'singleDevice', false)`,
      [authenticator.credentialId, authenticator.cose().toString('base64'), user.userId],
    );
  };

  const files = [Buffer.from('甲'), Buffer.from('乙')].map((bytes, i) => ({
    name: `文件${i}.txt`,
    sizeBytes: bytes.length,
    sha256: digest('sha256', bytes),
    sm3: digest('sm3', bytes),
  }));
  const statement = { title: '网页取证', source: 'https://shop.example/item/42' };
  const signed = (by = passkey, where: Parameters<Authenticator['get']>[1] = page) => {
    const chosen = choose(files.length, Date.now());
    return { ...chosen, ...by.get(whatIsSigned(files, statement, chosen), where) };
  };
  const deposit = (body: object, headers: Record<string, string> = {}) =>
    person.post('/api/v1/deposits/digests', { files, statement, ...body }, headers);
  const problem = async (answer: Response) => {
    const { code, detail } = (await answer.json()) as { code: string; detail: string };
    return `${answer.status} ${code}: ${detail}`;
  };

  for (const kind of ['P-256', 'Ed25519'] as const) {
    it(`is taken with a signature of ${kind}, which its receipt and certificate data carry`, async () => {
      const authenticator = new Authenticator(kind);
      await own(person, authenticator);
      const part = signed(authenticator);
      const answer = await deposit({ signed: part });
      expect(answer.status).to.equal(201);
      const { receipt, depositId } = (await openApi.expectFits('createDigestDeposits', answer)) as {
        receipt: Receipt;
        depositId: string;
      };
      expect(depositId)
        .to.equal(signedDepositId(part.chosenAt, part.statementSalt))
        .and.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      const { record, annexes } = receipt;
      const check = await checkSignatureAnnex(record, annexes.signature);
      expect(check).to.include({ status: 'passed' });
      expect(check.facts).to.include({ method: 'passkey', userVerified: 'yes', origin: page.origin });
      const again = await person.fetch(`/api/v1/deposits/${depositId}/receipt.json`);
      const kept = parseReceipt(new Uint8Array(await again.arrayBuffer()));
      expect(kept.annexes.signature).to.deep.equal(annexes.signature);
      const shown = await openApi.expectFits('getDeposit', await person.fetch(`/api/v1/deposits/${depositId}`));
      expect((shown as DepositDetail).annexes.signature).to.deep.equal(annexes.signature);
      expect(receipt.files.map(({ entry }) => entry.salt)).to.deep.equal(part.entrySalts);
    });
  }

  it('is the same one when it is sent again under its key, and another signature is other content', async () => {
    const part = signed();
    const headers = { 'idempotency-key': 'k1' };
    expect((await deposit({ signed: part }, headers)).status).to.equal(201);
    expect((await deposit({ signed: part }, headers)).status).to.equal(200);
    expect(await problem(await deposit({ signed: signed() }, headers))).to.match(/^409 idempotency-key-reused/);
    expect(await problem(await deposit({ signed: part }))).to.match(
      /^422 invalid-digest-deposit: signed.statementSalt/,
    );
  });

  describe('is refused', () => {
    it('where the signature is over other files, another statement or other salts', async () => {
      const part = signed();
      const other = { ...files[0], sha256: '11'.repeat(32) };
      expect(await problem(await deposit({ files: [other, files[1]], signed: part }))).to.match(
        /^422 signature-refused: .*signed-something-else/,
      );
      expect(await problem(await deposit({ statement: { title: 'x' }, signed: part }))).to.match(/signature-refused/);
      const { statementSalt } = choose(1, Date.now());
      expect(await problem(await deposit({ signed: { ...part, statementSalt } }))).to.match(/signature-refused/);
    });

    it('where the signature is wrong', async () => {
      const part = { ...signed(), signature: signed().signature };
      expect(await problem(await deposit({ signed: part }))).to.match(/^422 signature-refused: .*signature-invalid/);
    });

    it('where the key is no passkey of the caller', async () => {
      const stranger = new Authenticator('P-256');
      expect(await problem(await deposit({ signed: signed(stranger) }))).to.match(/^422 passkey-refused/);
      const another = await Person.signedIn(world, 'another@example.org');
      const answer = await another.post('/api/v1/deposits/digests', { files, statement, signed: signed() });
      expect(await problem(answer)).to.match(/^422 passkey-refused/);
    });

    it('where it was signed on another page, for another service, or nobody was checked', async () => {
      for (const where of [
        { ...page, origin: 'https://evil.example' },
        { ...page, rpId: 'evil.example' },
        { ...page, flags: 0x01 },
      ]) {
        expect(await problem(await deposit({ signed: signed(passkey, where) }))).to.match(/^422 passkey-refused/);
      }
    });

    it('by key, which is no person', async () => {
      const answer = await world.fetch('/api/v1/deposits/digests', {
        method: 'POST',
        body: JSON.stringify({ files, statement, signed: signed() }),
        headers: { 'content-type': 'application/json' },
      });
      expect(await problem(answer)).to.match(/^403 session-needed/);
    });

    it('with salts for another number of files, or in bulk', async () => {
      const part = signed();
      expect(await problem(await deposit({ signed: { ...part, entrySalts: part.entrySalts.slice(1) } }))).to.match(
        /^422 invalid-digest-deposit: signed.entrySalts: 1 for 2 files/,
      );
      const answer = await person.fetch('/api/v1/deposits/digests', {
        method: 'POST',
        body: JSON.stringify({ files, statement, signed: part }),
        headers: { 'content-type': 'application/x-ndjson' },
      });
      expect(await answer.text()).to.include('invalid-digest-deposit');
    });
  });

  it('leaves nothing behind when it is refused', async () => {
    const part = signed(new Authenticator('P-256'));
    await deposit({ signed: part });
    expect(
      (await person.fetch(`/api/v1/deposits/${signedDepositId(part.chosenAt, part.statementSalt)}`)).status,
    ).to.equal(404);
  });
});
