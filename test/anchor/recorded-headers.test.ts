import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ChainClient } from '../../src/anchor/chain-client.ts';
import type { ChainProfile } from '../../src/anchor/chain-profile.ts';
import { proveProfile } from '../../src/anchor/chain-profile.ts';
import { encodeBlockHeader, HEADER_FIELDS, rebuildReceiptsRoot } from '../../src/anchor/receipt-proof.ts';
import { parseBlockHeader } from '../../src/format/block-header.ts';
import { encodeHex0x, parseHex0x } from '../../src/format/bytes.ts';
import { parseRlp } from '../../src/format/rlp.ts';
import { receiptFromProof } from '../../src/verify/evm-receipt.ts';
import { rejectionOf } from '../support/coded-error.ts';
import { useJsonRpcServer } from '../support/json-rpc-server.ts';

const FOLDER = new URL('../vectors/headers/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));

interface RecordedHeader {
  fork: string;
  number: number;
  hash: string;
  header: string;
}

interface RecordedBlock {
  fork: string;
  block: Record<string, unknown> & { hash: string; number: string; receiptsRoot: string; transactions?: string[] };
  receipts?: Record<string, unknown>[];
}

/** What a node would answer for a header: field by field, numbers without leading zeros. */
function describe0x(rlp: Uint8Array, hash: string) {
  const quantities = new Set([
    ...['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'baseFeePerGas', 'blobGasUsed', 'excessBlobGas'],
  ]);
  const items = parseRlp(rlp) as Uint8Array[];
  const fields = Object.fromEntries(
    items.map((item, i) => {
      const name = HEADER_FIELDS[i] as string;
      const hex = encodeHex0x(item);
      return [name, quantities.has(name) ? `0x${BigInt(hex === '0x' ? '0x0' : hex).toString(16)}` : hex];
    }),
  );
  return { hash, fields } as never;
}

describe('headers of Ethereum mainnet', () => {
  for (const { fork, number, hash, header } of read('ethereum-mainnet.json') as RecordedHeader[]) {
    it(`are read and rebuilt: block ${number}, ${fork}`, () => {
      const rlp = parseHex0x(header);
      const parsed = parseBlockHeader(rlp);
      expect(encodeHex0x(parsed.hash)).to.equal(hash);
      expect(parsed.number).to.equal(BigInt(number));
      expect(encodeHex0x(encodeBlockHeader(describe0x(rlp, hash), 'ethereum'))).to.equal(header);
    });
  }
});

describe('blocks as nodes described them', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json') && name !== 'ethereum-mainnet.json');
  const server = useJsonRpcServer();

  for (const file of files) {
    const { fork, block, receipts } = read(file) as RecordedBlock;
    it(`are rebuilt field by field: ${file}, ${fork}`, () => {
      const rlp = encodeBlockHeader({ hash: block.hash, fields: block } as never, 'ethereum');
      expect(encodeHex0x(parseBlockHeader(rlp).hash)).to.equal(block.hash);
      expect(encodeHex0x(parseBlockHeader(rlp).receiptsRoot)).to.equal(block.receiptsRoot);
    });
    if (receipts === undefined) continue;

    const profile: ChainProfile = {
      chain: 'eip155:1301',
      headerHash: 'ethereum',
      receipts: 'mpt',
      timeUnit: 'seconds',
      accuracySeconds: 2,
      finality: { rule: 'tag', tag: 'finalized' },
      nodesRunBy: 'the sequencer',
      independent: true,
    };
    const client = (changed: (receipt: Record<string, unknown>) => object = (receipt) => receipt) => {
      server.behave(({ method }) => {
        if (method === 'eth_chainId') return { result: '0x515' };
        if (method === 'eth_getBlockReceipts') return { result: receipts.map(changed) };
        return { result: block };
      });
      return new ChainClient({ rpcUrl: server.url(), profile, contract: `0x${'00'.repeat(20)}` });
    };

    it(`fit their profile, deposits included: ${file}`, async () => {
      expect((await proveProfile(client())).blockHash).to.equal(block.hash);
    });

    it(`prove each of their receipts: ${file}`, async () => {
      const found = (await client().blockByNumber('latest'))!;
      const { proofFor } = rebuildReceiptsRoot(found, await client().blockReceipts(found));
      for (let i = 0; i < receipts.length; i++) {
        expect(receiptFromProof(parseHex0x(block.receiptsRoot), i, proofFor(i)).ok, `receipt ${i}`).to.equal(true);
      }
    });

    it(`do not fit it without what the chain adds to deposits' receipts: ${file}`, async () => {
      const without = ({ depositReceiptVersion: _, ...receipt }: Record<string, unknown>) => receipt;
      await rejectionOf(proveProfile(client(without)), 'profile-not-reproduced');
    });
  }
});
