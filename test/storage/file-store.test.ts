import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileObjectStore } from '../../src/storage/file-store.ts';
import { itBehavesLikeAnObjectStore } from '../support/object-store-suite.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

describe('FileObjectStore', () => {
  const folder = useTemporaryFolder();

  itBehavesLikeAnObjectStore('FileObjectStore', () => FileObjectStore.open(folder()));

  it('leaves no scratch data after success, conflict and failure', async () => {
    const store = await FileObjectStore.open(folder());
    await store.put('a/b', Buffer.from('one'));
    await store.put('a/b', Buffer.from('two')).catch(() => {});
    await store
      .put(
        'c',
        (async function* () {
          yield Buffer.from('begun');
          throw new Error('broken off');
        })(),
      )
      .catch(() => {});
    expect(filesBelow(folder())).to.deep.equal([join(folder(), 'objects/a/b')]);
  });

  it('removes the folders that a deleted object leaves empty', async () => {
    const store = await FileObjectStore.open(folder());
    await store.put('deposit/one/0', Buffer.from('x'));
    await store.delete('deposit/one/0');
    expect(readdirSync(join(folder(), 'objects'))).to.deep.equal([]);
  });

  it('lets only its own user read an object', async () => {
    const store = await FileObjectStore.open(folder());
    await store.put('a', Buffer.from('x'));
    expect(statSync(join(folder(), 'objects/a')).mode & 0o777).to.equal(0o600);
  });

  it('says storage-failed when a stored object is where a folder is needed', async () => {
    const store = await FileObjectStore.open(folder());
    await store.put('a', Buffer.from('x'));
    const error = await store.put('a/b', Buffer.from('y')).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.have.property('code', 'storage-failed');
    expect(filesBelow(folder())).to.deep.equal([join(folder(), 'objects/a')]);
  });

  it('removes at the next opening what a killed process left half-written, and not what a living one writes', async () => {
    const child = fork(new URL('../support/half-put.ts', import.meta.url), [folder()], { stdio: 'inherit' });
    await once(child, 'message');
    expect(filesBelow(join(folder(), 'scratch'))).to.have.length(1);
    await FileObjectStore.open(folder());
    expect(filesBelow(join(folder(), 'scratch'))).to.have.length(1);

    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = await FileObjectStore.open(folder());
    expect(filesBelow(folder())).to.deep.equal([]);
    expect(await store.head('half')).to.equal(undefined);
    expect(existsSync(join(folder(), 'objects/half'))).to.equal(false);
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
