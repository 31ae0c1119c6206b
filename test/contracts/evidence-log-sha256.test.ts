import { expect } from 'chai';
import hre from 'hardhat';
import { nodeHash } from '../../src/merkle/hash.ts';
import {
  type Chain,
  type EvidenceLog,
  growth,
  hex,
  LEAVES,
  ORIGIN_HASH,
  openChain,
  path,
  rootOf,
} from './evidence-log-chain.ts';

// No chain at hand lets its precompiles be replaced: hardhat_setCode at 0x02 is stored and ignored. So the calls are turned to
// another address by changing this one byte of the compiled contract, and what would stand at 0x02 is put there instead.
const CALL_TO_0X02 = '60025afa'; // PUSH1 0x02, GAS, STATICCALL
const CALL_TO_0XFE = '60fe5afa';
const STAND_IN = `0x${'00'.repeat(19)}fe`;

/** Contract code: hands its call data to the real SHA-256 and returns what it answered. */
const FORWARD = '0x3660006000376020600036600060025afa5060206000f3';
/** Answers the bytes given, whatever it is asked. */
const constantly = (bytes: Uint8Array) => {
  // Copies its own tail: PUSH1 length, DUP1, PUSH1 offset, PUSH1 0, CODECOPY, PUSH1 0, RETURN.
  const length = bytes.length.toString(16).padStart(2, '0');
  return `0x60${length}80600b6000396000f3${Buffer.from(bytes).toString('hex')}`;
};
/** As FORWARD, but returns `length` bytes of the answer. */
const forwardOnly = (length: number) =>
  `0x3660006000376020600036600060025afa5060${length.toString(16).padStart(2, '0')}6000f3`;
const REVERT = '0x60006000fd';
const NOTHING = '0x';

const ZEROS_HASHED = nodeHash(new Uint8Array(32), new Uint8Array(32));

describe('EvidenceLog where SHA-256 is missing or false', () => {
  let chain: Chain;
  let bytecode: string;

  async function deploy(): Promise<EvidenceLog> {
    const { abi } = await hre.artifacts.readArtifact('EvidenceLog');
    const factory = new chain.ethers.ContractFactory(abi, bytecode, chain.anchorer);
    const log = await factory.deploy(chain.anchorer, chain.guardian, ORIGIN_HASH);
    await log.waitForDeployment();
    return log as unknown as EvidenceLog;
  }

  /** A log deployed while the stand-in was honest, with anchors at 3 and 7 leaves. */
  async function anchoredLog(): Promise<EvidenceLog> {
    await chain.networkHelpers.setCode(STAND_IN, FORWARD);
    const log = await deploy();
    await log.anchor(3, rootOf(3), []);
    await log.anchor(7, rootOf(7), await growth(3, 7));
    return log;
  }

  before(async () => {
    chain = await openChain();
    const artifact = await hre.artifacts.readArtifact('EvidenceLog');
    bytecode = artifact.bytecode.replaceAll(CALL_TO_0X02, CALL_TO_0XFE);
    expect(bytecode, 'the compiled call looks otherwise by now').not.equal(artifact.bytecode);
  });
  after(() => chain.close());

  it('works as ever when the stand-in is honest', async () => {
    const log = await chain.networkHelpers.loadFixture(anchoredLog);
    const [, , anchoredAt] = await log.head();
    expect(await log.verifyInclusion(LEAVES[5] as Uint8Array, 5, rootOf(7), await path(5, 7))).equal(anchoredAt);
  });

  const broken: Record<string, string> = {
    'that has no code, where a call succeeds and answers nothing': NOTHING,
    'that reverts': REVERT,
    'that gives the true hash and reverts': FORWARD.replace(/f3$/, 'fd'),
    'that answers 31 bytes': forwardOnly(31),
    'that answers 33 bytes': forwardOnly(33),
    'that answers 64 bytes, the true hash first': forwardOnly(64),
    'that answers no byte': forwardOnly(0),
  };
  const lying: Record<string, string> = {
    'that answers zero': constantly(new Uint8Array(32)),
    'that always gives the first known answer': constantly(ZEROS_HASHED),
    'that always gives the second known answer': constantly(nodeHash(ZEROS_HASHED, ZEROS_HASHED)),
  };

  for (const [what, code] of Object.entries({ ...broken, ...lying })) {
    it(`is not deployed with an address 0x02 ${what}`, async () => {
      const factory = await chain.ethers.getContractFactory('EvidenceLog');
      await chain.networkHelpers.setCode(STAND_IN, code);
      await expect(deploy()).to.be.revertedWithCustomError(factory, 'Sha256Unavailable');
    });
  }

  for (const [what, code] of Object.entries(broken)) {
    it(`says Sha256Unavailable if 0x02 becomes one ${what}`, async () => {
      const log = await chain.networkHelpers.loadFixture(anchoredLog);
      const head = await log.head();
      await chain.networkHelpers.setCode(STAND_IN, code);
      await expect(log.anchor(12, rootOf(12), await growth(7, 12)))
        .to.be.revertedWithCustomError(log, 'Sha256Unavailable')
        .withArgs();
      await expect(
        log.verifyInclusion(LEAVES[5] as Uint8Array, 5, rootOf(7), await path(5, 7)),
      ).to.be.revertedWithCustomError(log, 'Sha256Unavailable');
      expect(await log.head()).deep.equal(head);
    });
  }

  for (const [what, code] of Object.entries(lying)) {
    it(`proves nothing if 0x02 becomes one ${what}`, async () => {
      const log = await chain.networkHelpers.loadFixture(anchoredLog);
      await chain.networkHelpers.setCode(STAND_IN, code);
      await expect(log.anchor(12, rootOf(12), await growth(7, 12)))
        .to.be.revertedWithCustomError(log, 'NotAnExtension')
        .withArgs(7n, 12n);
      await expect(
        log.verifyInclusion(LEAVES[5] as Uint8Array, 5, rootOf(7), await path(5, 7)),
      ).to.be.revertedWithCustomError(log, 'NotIncluded');
    });
  }

  it('keeps the older entry of a root that a false SHA-256 lets be anchored again', async () => {
    const log = await chain.networkHelpers.loadFixture(async function brokenLog() {
      await chain.networkHelpers.setCode(STAND_IN, FORWARD);
      return deploy();
    });
    const root = rootOf(1);
    await chain.networkHelpers.time.setNextBlockTimestamp(2_000_000_001);
    await log.anchor(1, root, []);
    // With every hash equal to the root, the root passes for a tree that contains itself: the only way to meet it twice.
    await chain.networkHelpers.setCode(STAND_IN, constantly(root));
    await expect(log.anchor(2, root, [rootOf(2)]))
      .to.be.revertedWithCustomError(log, 'RootAlreadyAnchored')
      .withArgs(hex(root), 1n);
    expect(await log.anchored(root)).deep.equal([1n, 2_000_000_001n]);
    expect(await log.head()).deep.equal([1n, hex(root), 2_000_000_001n]);
  });

  it('anchors nothing with less gas than it needs, wherever that runs out', async () => {
    const log = await chain.deployLog();
    await log.anchor(3, rootOf(3), []);
    const proof = await growth(3, 40);
    const data = log.interface.encodeFunctionData('anchor', [40, rootOf(40), proof]);
    const before = await chain.networkHelpers.takeSnapshot();
    const whole = await (await log.anchor(40, rootOf(40), proof)).wait();
    await before.restore();
    for (let gasLimit = (whole?.gasUsed ?? 0n) - 1n; gasLimit > 25_000n; gasLimit -= 89n) {
      const outcome = chain.anchorer.call({ to: log, data, gasLimit }).then(
        () => 'anchored',
        () => 'failed',
      );
      expect(await outcome, `${gasLimit} gas`).equal('failed');
    }
  }).timeout(60_000);
});
