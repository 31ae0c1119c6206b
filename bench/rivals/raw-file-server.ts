// The least that can be done with an upload: its bytes go into a file, which is fsynced before the answer.
// Usage: node raw-file-server.ts FOLDER; prints its port.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [folder = '.'] = process.argv.slice(2);
const server = createServer(async (req, res) => {
  try {
    // `flush` is an fsync before the file is closed.
    await pipeline(req, createWriteStream(join(folder, randomUUID()), { flush: true }));
    res.writeHead(201).end();
  } catch (error) {
    res.writeHead(500).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
