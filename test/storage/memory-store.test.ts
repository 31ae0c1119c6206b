import { expect } from 'chai';
import { MemoryObjectStore } from '../../src/storage/memory-store.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { itBehavesLikeAnObjectStore } from '../support/object-store-suite.ts';

itBehavesLikeAnObjectStore('MemoryObjectStore', async () => new MemoryObjectStore());

describe('MemoryObjectStore', () => {
  it('refuses a name that is the folder of another', async () => {
    const store = new MemoryObjectStore();
    await store.put('a/b', new Uint8Array(1));
    await rejectionOf(store.put('a', new Uint8Array(1)), 'invalid-object-name');
    await rejectionOf(store.put('a/b/c', new Uint8Array(1)), 'invalid-object-name');
    expect(await store.head('a/b')).to.deep.equal({ sizeBytes: 1 });
  });
});
