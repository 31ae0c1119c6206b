import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { expect } from 'chai';
import { encodeUtf8, type LeafHash, type RootHash } from '../../src/format/bytes.ts';
import { encodeCheckpointBody, parseCheckpoint } from '../../src/format/checkpoint.ts';
import { parseCosignatureKey, verifyCosignature } from '../../src/format/cosignature.ts';
import { encodeNote, parseNote } from '../../src/format/note.ts';
import { encodeAddCheckpoint } from '../../src/format/tlog-witness.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { consistencyProof, nodesOver, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { type RunningWitness, startWitness } from './witness-world.ts';

const ORIGIN = 'log.example.org/2026';

/** A log of any leaves, signed by one key. */
class TestLog {
  readonly signer: CheckpointSigner;
  readonly #leaves: LeafHash[];

  constructor(key: KeyObject, size: number, name = '') {
    this.signer = new CheckpointSigner(ORIGIN, key);
    this.#leaves = Array.from({ length: size }, (_, i) => leafHash(encodeUtf8(`${name}${i}`)));
  }

  root(size: number): RootHash {
    return rootFromLeafHashes(this.#leaves.slice(0, size));
  }

  note(size: number): Uint8Array {
    return this.signer.sign({ treeSize: BigInt(size), rootHash: this.root(size) });
  }

  async proof(from: number, to: number): Promise<Uint8Array[]> {
    return consistencyProof(BigInt(from), BigInt(to), nodesOver(this.#leaves));
  }

  async request(from: number, to: number): Promise<Uint8Array> {
    const proof = from === 0 || from === to ? [] : await this.proof(from, to);
    return encodeAddCheckpoint({ oldSize: BigInt(from), consistencyProof: proof, checkpointBytes: this.note(to) });
  }
}

describe('a witness', () => {
  const folder = useTemporaryFolder();
  const key = generateKeyPairSync('ed25519').privateKey;
  const log = new TestLog(key, 600);
  const fork = new TestLog(key, 600, 'fork ');
  let witness: RunningWitness;

  beforeEach(async () => {
    witness = await startWitness('w.example.org', [log.signer.vkey], { folder: folder() });
  });
  afterEach(async () => {
    await witness.stop();
  });

  async function post(body: Uint8Array | string): Promise<{ status: number; type: string | null; text: string }> {
    const answer = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body: body as string });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  }

  function isCosigned(line: string, size: number): boolean {
    const vkey = parseCosignatureKey(witness.key.vkey);
    return verifyCosignature(parseNote(log.note(size)).text, line.trimEnd(), vkey) !== undefined;
  }

  it('cosigns a log as it grows, and the same tree again', async () => {
    for (const [from, to] of [
      [0, 1],
      [1, 255],
      [255, 256],
      [256, 256],
      [256, 600],
    ] as const) {
      const { status, text } = await post(await log.request(from, to));
      expect(status, `${from} to ${to}: ${text}`).to.equal(200);
      expect(isCosigned(text, to)).to.equal(true);
    }
  });

  it('answers 409 and the size that it knows to one who thinks otherwise', async () => {
    await post(await log.request(0, 300));
    for (const [from, to] of [
      [0, 600],
      [299, 600],
      [200, 250],
    ] as const) {
      expect(await post(await log.request(from, to))).to.deep.equal({
        status: 409,
        type: 'text/x.tlog.size',
        text: '300\n',
      });
    }
  });

  it('never cosigns a tree that does not extend what it cosigned', async () => {
    await post(await log.request(0, 300));
    expect((await post(await fork.request(300, 600))).status).to.equal(422);
    expect((await post(await fork.request(300, 300))).status).to.equal(422);
    const withForeignProof = encodeAddCheckpoint({
      oldSize: 300n,
      consistencyProof: await log.proof(300, 600),
      checkpointBytes: fork.note(600),
    });
    expect((await post(withForeignProof)).status).to.equal(422);
    expect((await post(await log.request(300, 600))).status).to.equal(200);
  });

  it('answers 422 to a proof from nothing, and to leaves under the root of none', async () => {
    const proof = { oldSize: 0n, consistencyProof: [new Uint8Array(32)], checkpointBytes: log.note(5) };
    expect((await post(encodeAddCheckpoint(proof))).status).to.equal(422);
    const empty = log.signer.sign({ treeSize: 0n, rootHash: log.root(1) });
    expect(
      (await post(encodeAddCheckpoint({ oldSize: 0n, consistencyProof: [], checkpointBytes: empty }))).status,
    ).to.equal(422);
  });

  it('answers 400 to a step back', async () => {
    const back = { oldSize: 6n, consistencyProof: [], checkpointBytes: log.note(5) };
    expect((await post(encodeAddCheckpoint(back))).status).to.equal(400);
  });

  it('answers 404 for a log that it does not know, and 403 without a valid signature of the log', async () => {
    const other = new CheckpointSigner('other.example.org', key).sign({ treeSize: 1n, rootHash: log.root(1) });
    const asked = (checkpointBytes: Uint8Array) =>
      post(encodeAddCheckpoint({ oldSize: 0n, consistencyProof: [], checkpointBytes }));
    expect((await asked(other)).status).to.equal(404);
    const stranger = new TestLog(generateKeyPairSync('ed25519').privateKey, 5);
    expect((await asked(stranger.note(5))).status).to.equal(403);
    const text = encodeCheckpointBody({ origin: ORIGIN, treeSize: 4n, rootHash: log.root(4) });
    const line = Buffer.from(log.note(5)).toString().split('\n\n')[1];
    expect((await asked(encodeUtf8(`${text}\n${line}`))).status).to.equal(403);
    // A stranger's line beside the log's own is nobody's business.
    const both = Buffer.from(log.note(5)).toString() + Buffer.from(stranger.note(5)).toString().split('\n\n')[1];
    expect((await asked(encodeUtf8(both))).status).to.equal(200);
  });

  it('cosigns extension lines along, whatever they mean', async () => {
    const text = `${encodeCheckpointBody({ origin: ORIGIN, treeSize: 5n, rootHash: log.root(5) })}an extension\n`;
    const signature = new Uint8Array(sign(null, encodeUtf8(text), key));
    const note = encodeNote({ text, signatures: [{ name: ORIGIN, keyId: log.signer.key.keyId, signature }] });
    const request = encodeAddCheckpoint({ oldSize: 0n, consistencyProof: [], checkpointBytes: note });
    const { status, text: line } = await post(request);
    expect(status).to.equal(200);
    const vkey = parseCosignatureKey(witness.key.vkey);
    expect(verifyCosignature(text, line.trimEnd(), vkey)).to.not.equal(undefined);
    expect(isCosigned(line, 5), 'without the line it is another text').to.equal(false);
  });

  for (const [what, body] of [
    ['nothing', ''],
    ['no size', '\n\nlog.example.org/2026\n'],
    ['a size with a sign', 'old +5\n\n'],
    ['a size with a leading zero', 'old 05\n\n'],
    ['a hash of 31 bytes', `old 5\n${Buffer.alloc(31).toString('base64')}\n\n`],
    ['64 hashes', `old 5\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}\n`],
    ['no checkpoint', 'old 0\n\n'],
    ['bytes that are no text', Buffer.from([0x6f, 0x6c, 0x64, 0xff, 0xfe])],
  ] as const) {
    it(`answers 400 to ${what}`, async () => {
      expect((await post(body as string)).status).to.equal(400);
    });
  }

  it('reads no more than a checkpoint takes', async () => {
    const answer = await post('old 0\n'.repeat(10_000)).catch((error: Error) => ({ status: 413, text: error.message }));
    expect(answer.status).to.equal(413);
  });

  it('cosigns one tree of each size, however many ask at once', async () => {
    await post(await log.request(0, 100));
    const requests = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => ((i & 1) === 0 ? log : fork).request(100, 101 + (i >> 1))),
    );
    const forked = await Promise.all(requests.map(post));
    const honest = forked.filter((_, i) => (i & 1) === 0);
    expect(forked.filter((_, i) => (i & 1) === 1).every(({ status }) => status === 422 || status === 409)).to.equal(
      true,
    );
    expect(honest.filter(({ status }) => status === 200)).to.have.length(1);
    expect(honest.filter(({ status }) => status === 409)).to.have.length(19);
  });

  it('shows the last checkpoint of each log with both signatures, and a page', async () => {
    await post(await log.request(0, 7));
    const [served] = witness.logs;
    const bytes = new Uint8Array(await (await fetch(`${witness.url}/${served?.originHash}/checkpoint`)).arrayBuffer());
    const checkpoint = parseCheckpoint(bytes);
    expect(checkpoint.treeSize).to.equal(7n);
    expect(checkpoint.note.signatures.map(({ name }) => name)).to.deep.equal([ORIGIN, 'w.example.org']);
    expect(isCosigned(Buffer.from(bytes).toString().trimEnd().split('\n').at(-1) as string, 7)).to.equal(true);
    const page = await fetch(`${witness.url}/`);
    expect(page.headers.get('content-security-policy')).to.include("default-src 'none'");
    const text = await page.text();
    expect(text).to.include(witness.key.vkey).and.include(ORIGIN).and.include('<td>7</td>');
  });

  it('knows after a restart what it cosigned before', async () => {
    await post(await log.request(0, 300));
    await witness.stop();
    witness = await startWitness('w.example.org', [log.signer.vkey], { folder: folder(), key: witness.key });
    expect((await post(await log.request(0, 600))).text).to.equal('300\n');
    expect((await post(await fork.request(300, 301))).status).to.equal(422);
    expect((await post(await log.request(300, 301))).status).to.equal(200);
  });
});
