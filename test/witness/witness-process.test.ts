import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { encodeUtf8 } from '../../src/format/bytes.ts';
import { parseCosignatureKey, verifyCosignature } from '../../src/format/cosignature.ts';
import { parseNote } from '../../src/format/note.ts';
import { encodeAddCheckpoint } from '../../src/format/tlog-witness.ts';
import { CheckpointSigner } from '../../src/log/checkpoint-signer.ts';
import { leafHash } from '../../src/merkle/hash.ts';
import { consistencyProof, nodesOver, rootFromLeafHashes } from '../../src/merkle/tree.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const LEAVES = Array.from({ length: 2000 }, (_, i) => leafHash(encodeUtf8(String(i))));

describe('tiezheng witness, as a process', function () {
  this.timeout(60_000);
  const folder = useTemporaryFolder();
  const signer = new CheckpointSigner('log.example.org/2026', new Uint8Array(32).fill(9));
  const running: ChildProcess[] = [];
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  const note = (size: number) =>
    signer.sign({ treeSize: BigInt(size), rootHash: rootFromLeafHashes(LEAVES.slice(0, size)) });
  const request = async (from: number, to: number) =>
    encodeAddCheckpoint({
      oldSize: BigInt(from),
      consistencyProof:
        from === 0 || from === to ? [] : await consistencyProof(BigInt(from), BigInt(to), nodesOver(LEAVES)),
      checkpointBytes: note(to),
    });

  async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const child = spawn(process.execPath, [CLI, 'witness', ...args]);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, out: out.trim(), err: err.trim() };
  }

  async function start(): Promise<{ child: ChildProcess; url: string; vkey: string }> {
    const args = [
      '--key',
      join(folder(), 'key'),
      '--state',
      join(folder(), 'state'),
      '--log',
      signer.vkey,
      '--port',
      '0',
    ];
    const child = spawn(process.execPath, [CLI, 'witness', ...args, '--limit', '100000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(child);
    let vkey = '';
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if (line.startsWith('witness ')) vkey = line.slice('witness '.length);
      if (line.startsWith('listening on ')) return { child, vkey, url: line.slice('listening on '.length) };
    }
    throw new Error('the witness ended early');
  }

  async function ask(url: string, body: Uint8Array): Promise<{ status: number; text: string }> {
    const answer = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: body as never });
    return { status: answer.status, text: await answer.text() };
  }

  it('makes a key that it alone can read, prints the public one, and overwrites none', async () => {
    const made = await command('keygen', '--name', 'w.example.org', '--key', join(folder(), 'key'));
    expect(made.code, made.err).to.equal(0);
    expect(parseCosignatureKey(made.out).name).to.equal('w.example.org');
    expect(readdirSync(folder())).to.deep.equal(['key']);
    const before = readFileSync(join(folder(), 'key'), 'utf8');
    expect(before).to.match(/^PRIVATE\+KEY\+w\.example\.org\+[0-9a-f]{8}\+/);
    const again = await command('keygen', '--name', 'w.example.org', '--key', join(folder(), 'key'));
    expect(again.code).to.equal(3);
    expect(readFileSync(join(folder(), 'key'), 'utf8')).to.equal(before);
    expect((await command('keygen', '--name', 'a b', '--key', join(folder(), 'other'))).err).to.include(
      'invalid-witness-key',
    );
  });

  it('cosigns, and stops when asked to', async () => {
    await command('keygen', '--name', 'w.example.org', '--key', join(folder(), 'key'));
    const { child, url, vkey } = await start();
    const { status, text } = await ask(url, await request(0, 5));
    expect(status).to.equal(200);
    const key = parseCosignatureKey(vkey);
    expect(verifyCosignature(parseNote(note(5)).text, text.trimEnd(), key)).to.not.equal(undefined);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).to.deep.equal([0, null]);
  });

  it('never has signed more than it remembers, whenever it is killed', async () => {
    await command('keygen', '--name', 'w.example.org', '--key', join(folder(), 'key'));
    let signed = 0;
    let witness = await start();
    for (let kill = 0; kill < 6; kill++) {
      const { child, url } = witness;
      // Killed at some moment within a run of requests.
      const timer = setTimeout(() => child.kill('SIGKILL'), 20 + kill * 35);
      try {
        for (let size = signed; ; size++) {
          const { status } = await ask(url, await request(size, size + 1));
          if (status === 409) continue;
          expect(status).to.equal(200);
          signed = size + 1;
        }
      } catch (error) {
        if ((error as Error).name !== 'TypeError') throw error;
      } finally {
        clearTimeout(timer);
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      witness = await start();
      // Asked from a size that it cannot know, it answers with the one that it does.
      const known = Number((await ask(witness.url, await request(1999, 2000))).text);
      expect(known, 'the state is not behind the last signature that left').to.be.at.least(signed);
      expect(known, 'nor ahead by more than the request that was under way').to.be.at.most(signed + 1);
      signed = known;
    }
    expect(signed).to.be.greaterThan(5);
  });

  it('refuses to start with a state, a key or a log that is none', async () => {
    await command('keygen', '--name', 'w.example.org', '--key', join(folder(), 'key'));
    const options = (key: string, log: string) => ['--key', key, '--state', join(folder(), 's'), '--log', log];
    const wrongKey = await command(...options(CLI, signer.vkey));
    expect(wrongKey.err).to.include('invalid-witness-key').and.not.include('import');
    expect((await command(...options(join(folder(), 'key'), 'log+00000000+AAAA'))).err).to.include(
      'invalid-witnessed-log',
    );
    expect((await command(...options(join(folder(), 'none'), signer.vkey))).err).to.include('file-unreadable');
  });
});
