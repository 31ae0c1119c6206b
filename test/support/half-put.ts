// A process that begins to put an object and never ends: argument 1 is the store's folder. Sends a message once half is written.
import { setTimeout } from 'node:timers/promises';
import { FileObjectStore } from '../../src/storage/file-store.ts';

const store = await FileObjectStore.open(process.argv[2] as string);
await store.put(
  'half',
  (async function* () {
    yield Buffer.alloc(100_000);
    yield Buffer.alloc(100_000);
    process.send?.('half');
    await setTimeout(60_000);
  })(),
);
