import { RLP } from '@ethereumjs/rlp';
import { p256 } from '@noble/curves/nist.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { Sealer } from '../../src/certificate/sealer.ts';
import { encodeBase64Url, encodeHex, encodeUtf8, parseBase64Url } from '../../src/format/bytes.ts';
import type { Certificate, EvmAttestation } from '../../src/format/certificate.ts';
import { commit } from '../../src/format/commitment.ts';
import type { Policy } from '../../src/format/policy.ts';
import { depositLeafData } from '../../src/format/spine.ts';
import { GEN_TIME, type Issued, issue, makeCrl, makeToken } from '../../test/support/timestamp-world.ts';
import type { Claim, Collection } from './collection.ts';
import {
  type AnchorOptions,
  type CertificateOptions,
  cosign,
  DEPOSIT_ID,
  encode,
  fixed,
  keyOf,
  type VectorWorld,
} from './world.ts';

type Change = (certificate: Certificate) => void;
type Expected = { exit: Claim['exit']; decides?: Record<string, string>; policy?: string };

const SHOWN = ['files/1.txt', 'files/2.png'];

/** Where a QBFT header keeps what its hash leaves out. */
const QBFT_MIX_HASH = Buffer.from('63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365', 'hex');

export async function addCertificates(to: Collection, world: VectorWorld): Promise<void> {
  const policy = 'policies/office.json';
  const put = (file: string, certificate: object, catches: string, expected: Expected, files = SHOWN) =>
    to.add(`certificates/${file}.json`, encode(certificate), {
      kind: 'certificate',
      good: file.startsWith('good/'),
      policy,
      files,
      catches,
      ...expected,
    });
  const good = async (
    name: string,
    catches: string,
    options: CertificateOptions,
    decides: Record<string, string> = {},
    more: { files?: string[]; policy?: string } = {},
  ) =>
    put(
      `good/${name}`,
      await world.certificate(options),
      catches,
      { exit: 0, decides, ...(more.policy && { policy: more.policy }) },
      more.files,
    );
  /** Made with options, rightly sealed. */
  const bad = async (
    name: string,
    catches: string,
    options: CertificateOptions,
    decides: Record<string, string>,
    exit: Claim['exit'] = 1,
    more: { files?: string[]; policy?: string } = {},
  ) =>
    put(
      `bad/${name}`,
      await world.certificate(options),
      catches,
      { exit, decides, ...(more.policy && { policy: more.policy }) },
      more.files,
    );
  /** Changed, and sealed again as an operator could. */
  const changed = async (
    name: string,
    catches: string,
    change: Change,
    decides: Record<string, string>,
    exit: Claim['exit'] = 1,
    options: CertificateOptions = {},
    files = SHOWN,
  ) => {
    const certificate = structuredClone(await world.unsealed(options));
    change(certificate);
    await put(`bad/${name}`, await world.seal(certificate), catches, { exit, decides }, files);
  };
  const anchorOf = (certificate: Certificate) => certificate.publications[0]?.attestations[0] as EvmAttestation;
  const publicationOf = (certificate: Certificate) =>
    certificate.publications[0] as NonNullable<Certificate['publications'][0]>;

  // ── what is right ──
  await good(
    'one-chain',
    'A deposit of two files, anchored on one chain, both files presented.',
    {},
    { 'evm.receipt': 'passed' },
  );
  await good(
    'one-file',
    'With one file its leaf hash is the root, and its path is empty.',
    { files: 1 },
    {},
    { files: ['files/1.txt'] },
  );
  await good(
    'three-files',
    'The third of three files has a shorter path than the others.',
    { files: 3 },
    {},
    { files: [...SHOWN, 'files/3.pdf'] },
  );
  await good(
    'two-chains',
    'Anchors on two chains stand side by side.',
    { anchors: [{}, { chain: 'eip155:10', after: 360, type: 0x7e }] },
    { 'evm.canonical': 'passed' },
  );
  await good(
    'qbft-chain',
    'The hash of a QBFT header leaves round and seals out.',
    { anchors: [{}, qbftAnchor()] },
    { 'evm.receipt': 'passed' },
  );
  await good('later-fork-header', 'A header with fields that later forks appended.', {
    anchors: [{ header: (fields) => [...fields, fixed('withdrawals'), 0n, 0n, fixed('beacon')] }],
  });
  await good(
    'anchor-not-confirmed-beside-one-that-is',
    'A second anchor that nobody confirmed takes nothing away.',
    { anchors: [{}, { chain: 'eip155:10', after: 400, confirmed: false }] },
    { 'evm.canonical': 'not-checked offline' },
  );
  await good('no-not-before', 'A record that names no earlier block has no T0; the bracket passes without.', {
    withoutNotBefore: true,
  });
  await good(
    'two-authorities',
    'Tokens of two authorities of different operators.',
    { tokens: [{}, tokenOf(world, 1)] },
    { rfc3161: 'passed' },
    { policy: 'policies/two-independent.json' },
  );
  await good('token-sha512-imprint', 'Imprint by SHA-512.', { tokens: [{ imprint: 'sha512' }] }, { rfc3161: 'passed' });
  await good(
    'token-sha384-p384',
    'A signer on P-384 with SHA-384.',
    { tokens: [{ ...signerOf(world, { kind: 'p384' }), imprint: 'sha384', digest: 'sha384' }] },
    { rfc3161: 'passed' },
  );
  await good(
    'token-rsa',
    'A signer with an RSA key of 2048 bits, PKCS #1 v1.5.',
    { tokens: [signerOf(world, { kind: 'rsa' })] },
    { rfc3161: 'passed' },
  );
  await good(
    'token-issuer-beside-it',
    'The issuer is not embedded in the token but stands in `certificates`.',
    { tokens: [{ embedded: [world.authorities[0].signer], certificates: [world.authorities[0].intermediate] }] },
    { rfc3161: 'passed' },
  );
  await good(
    'token-of-an-authority-expired-since',
    'The authority’s certificate ended a day after genTime: only the time of the token counts.',
    { tokens: [signerOf(world, { notAfter: '2026-11-23T00:00:00Z' })] },
    { rfc3161: 'passed' },
  );
  await good(
    'token-with-revocation-good',
    'A current CRL that does not list the signer.',
    { tokens: [{ revocation: crls(world) }] },
    { rfc3161: 'passed' },
  );
  await good(
    'token-signer-superseded-later',
    'Revoked later as superseded: what was stamped before stands.',
    { tokens: [{ revocation: crls(world, { at: '2026-12-01T00:00:00Z', reason: 4 }) }] },
    { rfc3161: 'passed' },
  );
  await good(
    'token-without-accuracy',
    'Without accuracy the unit of genTime is taken.',
    { tokens: [{ accuracy: null }] },
    { rfc3161: 'passed' },
  );
  await good(
    'token-of-unknown-authority',
    'A token of an authority that the policy does not name takes nothing away.',
    { tokens: [strangersToken()] },
    { rfc3161: 'not-checked untrusted-key' },
  );
  await good(
    'bitcoin',
    'An OpenTimestamps proof that a known Bitcoin header completes.',
    { ots: ['bitcoin'] },
    { opentimestamps: 'passed' },
  );
  await good(
    'bitcoin-pending',
    'A calendar’s promise is pending and takes nothing away.',
    { ots: ['pending'] },
    { opentimestamps: 'pending' },
  );
  await good(
    'bitcoin-block-not-known',
    'A block whose header the reader does not have is not checked.',
    { ots: ['unknown-block'] },
    { opentimestamps: 'not-checked offline' },
  );
  await good(
    'quorum-met',
    'Two of three witnesses cosigned, two are asked for.',
    { cosigners: world.witnesses.slice(0, 2) },
    { 'log.cosignatures': 'passed' },
    { policy: 'policies/quorum-two.json' },
  );
  await good(
    'stranger-cosigned',
    'The line of a witness that the policy does not name is not judged.',
    { cosigners: [world.witnesses[0], world.strangerWitness] },
    { 'log.cosignatures': 'passed' },
  );
  await good(
    'everything',
    'One chain, two tokens, Bitcoin, a pending calendar and three witnesses together.',
    {
      tokens: [{ revocation: crls(world) }, tokenOf(world, 1)],
      ots: ['bitcoin', 'pending'],
      cosigners: [...world.witnesses],
    },
    {},
    { policy: 'policies/strict.json' },
  );
  await addAMillion(to, world);
  await addChains(to, world);
  await good(
    'declared-digests',
    'Only digests were handed in: no SM3, which counts as 32 zero bytes.',
    { declared: true },
    { 'file.path': 'passed' },
  );
  const rotated = await world.unsealed({ signer: world.nextLog });
  rotated.log.rotations = [await world.rotation(depositLeafData(rotated.record))];
  await put(
    'good/log-key-rotated',
    await world.seal(rotated),
    'Signed with the log’s second key, which a proved rotation leads to.',
    { exit: 0, decides: { 'log.signature': 'passed' } },
  );
  const closed = await world.unsealed({ files: 3 });
  closed.annexes = { statement: closed.annexes.statement as never };
  closed.files = closed.files.slice(1);
  (closed.files[0] as (typeof closed.files)[0]).name = null;
  await put(
    'good/closed-annex-name-and-file',
    await world.seal(closed),
    'An annex, a name and a whole file stay closed; the rest verifies.',
    { exit: 0, decides: { 'annex.depositor': 'not-checked closed' } },
    ['files/2.png', 'files/3.pdf'],
  );
  const twice = await world.unsealed();
  twice.publications.push(
    await world.publication(depositLeafData(twice.record), twice.log.leafIndex, {
      anchors: [],
      treeSize: 60,
      cosigners: [world.witnesses[2]],
    }),
  );
  await put(
    'good/two-publications',
    await world.seal(twice),
    'Two trees cover the deposit; only the first is anchored.',
    { exit: 0 },
  );
  const stamped = async (message?: Uint8Array, issuedAt = '2026-12-05T00:00:00.000Z') => {
    const { signer, intermediate } = world.authorities[0];
    const sealer = new Sealer(keyOf(world.shortSigner), async (signature) =>
      makeToken({ signer, message: message ?? signature, embedded: [signer, intermediate] }),
    );
    return world.seal(await world.unsealed({ issuedAt }), sealer);
  };
  await put(
    'good/seal-judged-at-its-token',
    await stamped(),
    'The stated time is after the end of the signer’s certificate; the seal’s token, before it, counts.',
    { exit: 0, decides: { seal: 'passed' } },
  );
  const strangersSealer = new Sealer(keyOf(world.strangerSigner));
  const sealedTwice = await strangersSealer.seal(await world.certificate());
  await put(
    'good/second-seal-of-a-stranger',
    sealedTwice,
    'One seal of a signer of the policy suffices; a stranger’s beside it is not checked.',
    { exit: 0, decides: { seal: 'not-checked untrusted-key' } },
  );
  await put(
    'good/high-s-seal',
    withSignature(await world.certificate(), otherS),
    'Either s of an ECDSA signature is taken.',
    { exit: 0, decides: { seal: 'passed' } },
  );

  // ── files, names, annexes, record ──
  const file = (certificate: Certificate) => certificate.files[0] as Certificate['files'][0];
  await bad(
    'another-file-presented',
    'The presented file is none of the recorded ones.',
    {},
    { 'file.sha256': 'failed digest-mismatch' },
    1,
    { files: ['files/1.txt', 'files/3.pdf'] },
  );
  await bad(
    'no-file-presented',
    'Without a file nothing is said of any file.',
    {},
    { 'file.missing': 'not-checked absent' },
    2,
    { files: [] },
  );
  await changed(
    'file-size-changed',
    'The entry states another size than the log commits to.',
    (c) => {
      file(c).entry.sizeBytes += 1;
    },
    { 'file.path': 'failed root-mismatch' },
  );
  await changed(
    'file-digest-changed',
    'The entry was given the digest of another file.',
    (c) => {
      file(c).entry.digests.sha256 = encodeHex(fixed('other file'));
    },
    { 'file.path': 'failed root-mismatch' },
  );
  await changed(
    'sm3-digest-changed',
    'SHA-256 fits the file, SM3 does not.',
    (c) => {
      file(c).entry.digests.sm3 = encodeHex(fixed('other file'));
    },
    { 'file.sm3': 'failed digest-mismatch' },
  );
  await changed(
    'file-index-changed',
    'A file claims the place of another.',
    (c) => {
      file(c).entry.index = 1;
    },
    { 'file.path': 'failed root-mismatch' },
  );
  await changed(
    'file-index-beyond-count',
    'A place that the deposit does not have.',
    (c) => {
      file(c).entry.index = 7;
    },
    { 'file.path': 'failed index-out-of-range' },
  );
  await changed(
    'file-path-too-short',
    'A path with a hash less.',
    (c) => {
      file(c).path = [];
    },
    { 'file.path': 'failed proof-too-short' },
  );
  await changed(
    'file-path-too-long',
    'A path with a hash more.',
    (c) => {
      file(c).path.push(encodeHex(fixed('hash')));
    },
    { 'file.path': 'failed proof-too-long' },
  );
  await changed(
    'file-name-changed',
    'The name is not the one that the entry commits to.',
    (c) => {
      (file(c).name as { name: string }).name = '别的.txt';
    },
    { 'file.path': 'failed name-commitment-mismatch' },
  );
  await changed(
    'annex-changed',
    'The opened statement is not the one that the record commits to.',
    (c) => {
      (c.annexes.statement as { title?: string }).title = '另一场';
    },
    { 'annex.statement': 'failed commitment-mismatch' },
  );
  await changed(
    'annex-of-another-deposit',
    'An annex of another deposit, committed to by this record.',
    (c) => {
      (c.annexes.depositor as { depositId: string }).depositId = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a12';
      c.record.annexes.depositor = encodeHex(commit(c.annexes.depositor as never));
    },
    { 'record.commitment': 'failed part-of-another-deposit' },
  );
  await changed(
    'record-time-changed',
    'Another time of receipt than the log commits to.',
    (c) => {
      c.record.receivedAt = '2026-11-22T03:04:05.679Z';
    },
    { 'log.inclusion': 'failed root-mismatch' },
  );
  await changed(
    'record-salt-changed',
    'Another salt than the log commits to.',
    (c) => {
      c.record.salt = encodeHex(fixed('other salt'));
    },
    { 'log.inclusion': 'failed root-mismatch' },
  );
  await changed(
    'record-deposit-id-changed',
    'Record and files name different deposits.',
    (c) => {
      c.record.depositId = DEPOSIT_ID.replace('8a11', '8a12');
    },
    { 'record.commitment': 'failed part-of-another-deposit' },
  );

  // ── log ──
  await changed(
    'leaf-index-changed',
    'The place next to its own.',
    (c) => {
      c.log.leafIndex += 1;
    },
    { 'log.inclusion': 'failed root-mismatch' },
  );
  await changed(
    'leaf-index-beyond-tree',
    'A place that the tree does not have.',
    (c) => {
      c.log.leafIndex = 57;
    },
    { 'log.inclusion': 'failed index-out-of-range' },
  );
  await changed(
    'inclusion-proof-too-long',
    'A hash more than the tree has levels.',
    (c) => {
      publicationOf(c).inclusionProof.push(encodeHex(fixed('hash')));
    },
    { 'log.inclusion': 'failed proof-too-long' },
  );
  await changed(
    'inclusion-proof-too-short',
    'A hash less.',
    (c) => {
      publicationOf(c).inclusionProof.pop();
    },
    { 'log.inclusion': 'failed proof-too-short' },
  );
  await changed(
    'inclusion-proof-hash-changed',
    'A hash of another tree.',
    (c) => {
      publicationOf(c).inclusionProof[2] = encodeHex(fixed('hash'));
    },
    { 'log.inclusion': 'failed root-mismatch' },
  );
  await changed(
    'log-origin-differs',
    'The certificate names another log than its checkpoint.',
    (c) => {
      c.log.origin = 'log.example.org/2025';
    },
    { 'log.origin': 'failed origin-mismatch' },
  );
  await changed(
    'checkpoint-size-changed',
    'The signature covers another tree size.',
    (c) => {
      publicationOf(c).checkpoint = publicationOf(c).checkpoint.replace('\n57\n', '\n58\n');
    },
    { 'log.signature': 'failed signature-invalid' },
  );
  await bad(
    'checkpoint-of-a-stranger',
    'Signed by a key that the policy does not name.',
    { signer: world.strangerLog },
    { 'log.signature': 'not-checked untrusted-key' },
    2,
  );
  await changed(
    'checkpoint-signed-by-none-of-its-keys',
    'Neither a key of the policy nor one that the certificate itself names signed.',
    (c) => {
      c.log.keys = [world.nextLog.vkey];
    },
    { 'log.signature': 'failed signature-invalid' },
    1,
    { signer: world.strangerLog },
  );
  await bad(
    'rotation-not-shown',
    'Signed with the log’s second key, and no rotation leads there.',
    { signer: world.nextLog },
    { 'log.signature': 'not-checked untrusted-key' },
    2,
  );
  const leafData = depositLeafData((await world.unsealed()).record);
  await bad(
    'rotation-forged-by-the-new-key',
    'The rotation is signed by the new key alone.',
    { signer: world.nextLog, rotations: [await world.rotation(leafData, [world.nextLog])] },
    { 'log.signature': 'not-checked untrusted-key' },
    2,
  );
  const unlogged = await world.rotation(leafData);
  await bad(
    'rotation-not-in-the-tree',
    'The rotation’s record is not in the tree that both keys signed.',
    {
      signer: world.nextLog,
      rotations: [{ ...unlogged, record: { ...unlogged.record, effectiveFrom: '2026-11-22T00:00:00.000Z' } }],
    },
    { 'log.signature': 'not-checked untrusted-key' },
    2,
  );
  await bad(
    'signed-by-retired-key',
    'A tree after the rotation, signed by the key that the rotation ended.',
    { rotations: [unlogged] },
    { 'log.signature': 'failed signed-by-retired-key' },
  );

  // ── witnesses ──
  await bad(
    'quorum-not-met',
    'One witness cosigned, two are asked for.',
    { cosigners: [world.witnesses[0]] },
    { 'log.cosignatures': 'not-checked absent' },
    2,
    { policy: 'policies/quorum-two.json' },
  );
  await bad(
    'one-witness-twice',
    'The same witness twice is one.',
    { cosigners: [world.witnesses[0], world.witnesses[0]] },
    { 'log.cosignatures': 'not-checked absent' },
    2,
    { policy: 'policies/quorum-two.json' },
  );
  await changed(
    'cosignature-of-another-tree',
    'A trusted witness’s line is over another tree size.',
    (c) => {
      const { checkpoint, cosignatures } = publicationOf(c);
      cosignatures.push(cosign(world.witnesses[0], checkpoint, checkpoint.replace('\n57\n', '\n56\n')));
    },
    { 'log.cosignatures': 'failed cosignature-invalid' },
  );
  await changed(
    'cosignature-time-changed',
    'The time in the line is not the one that was signed.',
    (c) => {
      const line = cosign(world.witnesses[0], publicationOf(c).checkpoint);
      const [head, encoded] = [
        line.slice(0, line.lastIndexOf(' ') + 1),
        Buffer.from(line.slice(line.lastIndexOf(' ') + 1), 'base64'),
      ];
      encoded[11] = (encoded[11] as number) ^ 1;
      publicationOf(c).cosignatures.push(head + encoded.toString('base64'));
    },
    { 'log.cosignatures': 'failed cosignature-invalid' },
  );

  // ── chains ──
  const anchored = (name: string, catches: string, anchor: Partial<AnchorOptions>, reason: string) =>
    bad(name, catches, { anchors: [anchor] }, { 'evm.receipt': `failed ${reason}` });
  const anchorChanged = (name: string, catches: string, change: (anchor: EvmAttestation) => void, reason: string) =>
    changed(name, catches, (c) => change(anchorOf(c)), { 'evm.receipt': `failed ${reason}` });
  await anchorChanged(
    'header-field-changed',
    'The header’s hash is not the stated one.',
    (a) => {
      a.header = flip(a.header, 40);
    },
    'header-hash-mismatch',
  );
  await anchorChanged(
    'header-with-trailing-byte',
    'A byte behind the header’s RLP.',
    (a) => {
      a.header += '00';
    },
    'header-malformed',
  );
  await anchored(
    'header-of-fourteen-fields',
    'A field of Frontier is missing.',
    { header: (fields) => fields.slice(0, 14) },
    'header-malformed',
  );
  await anchored(
    'header-number-with-leading-zero',
    'A number in a second spelling.',
    { header: (fields) => fields.with(8, Uint8Array.of(0, 120)) },
    'header-malformed',
  );
  await anchored(
    'block-time-in-milliseconds',
    'The block’s time lies beyond the year 9999.',
    { header: (fields) => fields.with(11, 1_795_316_945_678n) },
    'block-time-out-of-range',
  );
  await anchorChanged(
    'receipt-proof-node-changed',
    'A node has another hash than the node above names.',
    (a) => {
      a.receiptProof[0] = flip(a.receiptProof[0] as string, 20);
    },
    'receipt-proof-hash-mismatch',
  );
  await anchorChanged(
    'receipt-proof-too-short',
    'The last node is missing.',
    (a) => {
      a.receiptProof.pop();
    },
    'receipt-proof-too-short',
  );
  await anchorChanged(
    'receipt-proof-too-long',
    'A node is left over.',
    (a) => {
      a.receiptProof.push(a.receiptProof[0] as string);
    },
    'receipt-proof-too-long',
  );
  await anchorChanged(
    'transaction-index-of-nothing',
    'The trie has nothing at this index.',
    (a) => {
      a.transactionIndex = 9;
    },
    'receipt-absent',
  );
  await anchored(
    'transaction-failed',
    'The receipt says that the transaction failed.',
    { status: 0 },
    'transaction-failed',
  );
  await anchorChanged(
    'receipt-log-index-beyond',
    'The receipt has fewer logs.',
    (a) => {
      a.receiptLogIndex = 5;
    },
    'log-absent',
  );
  await anchorChanged(
    'log-of-another-emitter',
    'The log at this place is another contract’s.',
    (a) => {
      a.receiptLogIndex = 0;
    },
    'log-of-other-contract',
  );
  await anchored(
    'event-of-another-kind',
    'The contract’s log is another event.',
    { topic: fixed('event') },
    'log-of-other-event',
  );
  await anchored(
    'anchor-of-another-root',
    'The event holds another root.',
    { rootHash: fixed('root') },
    'root-hash-mismatch',
  );
  await anchored(
    'anchor-of-another-size',
    'The event holds this root with another tree size.',
    { treeSize: 58 },
    'tree-size-mismatch',
  );
  await bad(
    'block-not-confirmed',
    'Nobody whom the reader trusts confirms the block.',
    { anchors: [{ after: 301, confirmed: false }] },
    { 'evm.canonical': 'not-checked offline' },
    2,
  );
  await bad(
    'anchor-in-unknown-contract',
    'The right event, in a contract that the policy does not name.',
    { anchors: [{ contract: '0x00000000000000000000000000000000000000aa' }] },
    { 'evm.contract': 'not-checked untrusted-key' },
    2,
  );
  await changed(
    'anchor-on-unknown-chain',
    'The block is confirmed on another chain than the one it is said to be on.',
    (c) => {
      anchorOf(c).chain = 'eip155:5';
    },
    { 'evm.canonical': 'not-checked offline' },
    2,
  );
  await bad(
    'anchor-missing',
    'The policy asks for an anchor and there is none.',
    { anchors: [], tokens: [{}] },
    { rfc3161: 'passed' },
    2,
  );

  // ── time ──
  await bad(
    'not-before-later-than-receipt',
    'The block that the record names is younger than the record.',
    { notBeforeAfter: 60 },
    { 'time.bracket': 'failed received-before-the-block-it-names' },
  );
  await bad(
    'anchor-earlier-than-receipt',
    'The block is older than the time of receipt that it is to cover.',
    { anchors: [{ after: -60 }] },
    { 'time.bracket': 'failed received-after-its-own-proof' },
  );
  await changed(
    'not-before-header-of-another-block',
    'The header beside is not the one that the record names.',
    (c) => {
      c.notBeforeHeader = anchorOf(c).header;
    },
    { 'evm.notBefore': 'failed header-hash-mismatch' },
  );
  await changed(
    'not-before-header-missing',
    'The record names a block, and no header gives its time.',
    (c) => {
      c.notBeforeHeader = null;
    },
    { 'time.bracket': 'not-checked offline' },
    2,
  );
  await bad(
    'one-independent-time-of-two',
    'Two operators’ times are asked for; two tokens below one root are one.',
    { anchors: [{ chain: 'eip155:1337' }], tokens: [{}, { serial: 7n }] },
    { 'time.independent': 'not-checked absent' },
    2,
    { policy: 'policies/two-independent.json' },
  );

  // ── tokens ──
  const token = (
    name: string,
    catches: string,
    options: NonNullable<CertificateOptions['tokens']>[0],
    reason: string,
  ) => bad(name, catches, { tokens: [options] }, { rfc3161: `failed ${reason}` });
  await token(
    'token-over-other-bytes',
    'The imprint is of another checkpoint.',
    { message: encodeUtf8('another checkpoint') },
    'imprint-mismatch',
  );
  await token(
    'token-signature-changed',
    'A bit of the signature is another.',
    {
      signature: (bytes) => {
        const copy = Buffer.from(bytes);
        copy[copy.length - 1] = (copy.at(-1) as number) ^ 1;
        return copy;
      },
    },
    'signature-invalid',
  );
  await token(
    'token-content-digest-changed',
    'The message-digest attribute is of another TSTInfo.',
    { messageDigest: fixed('other') },
    'content-digest-mismatch',
  );
  await token(
    'token-content-type-attribute-wrong',
    'The content-type attribute names something else.',
    { contentTypeAttribute: '1.2.840.113549.1.7.1' },
    'content-type-attribute',
  );
  await token(
    'token-without-signed-attributes',
    'The signature covers TSTInfo directly.',
    { signedAttributes: false },
    'signed-attributes-absent',
  );
  await token(
    'token-without-signing-certificate',
    'No attribute names the signer.',
    { ess: [] },
    'signing-certificate-attribute',
  );
  await token(
    'token-names-another-signer',
    'The attribute names another certificate than the signer’s.',
    { essNames: world.authorities[1].signer },
    'signing-certificate-attribute',
  );
  await token(
    'token-with-two-signers',
    'A token has exactly one SignerInfo.',
    { signers: 2 },
    'not-exactly-one-signer',
  );
  await token(
    'token-of-other-content',
    'The content is no TSTInfo.',
    { eContentType: '1.2.840.113549.1.7.1' },
    'not-a-timestamp-token',
  );
  await token('token-of-version-two', 'TSTInfo of another version.', { tstVersion: 2 }, 'tst-info-version');
  await token('token-imprint-sha1', 'An imprint by SHA-1.', { imprint: 'sha1' }, 'weak-digest');
  await token('token-signed-over-sha1', 'The signature is over SHA-1.', { digest: 'sha1' }, 'weak-digest');
  await token(
    'token-signer-for-two-purposes',
    'Extended key usage is not timeStamping alone.',
    signerOf(world, { purposes: ['1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.1'] }),
    'extended-key-usage-not-sole',
  );
  await token(
    'token-signer-purpose-not-critical',
    'Extended key usage is not critical.',
    signerOf(world, { purposesCritical: false }),
    'extended-key-usage-not-critical',
  );
  await token(
    'token-signer-without-purpose',
    'A certificate for servers signed.',
    signerOf(world, { purposes: ['1.3.6.1.5.5.7.3.1'] }),
    'extended-key-usage-absent',
  );
  await token(
    'token-signer-key-usage',
    'The key usage is for agreeing on keys.',
    signerOf(world, { keyUsage: 0x08 }),
    'key-usage',
  );
  await token(
    'token-signer-expired',
    'The signer’s certificate had ended at genTime.',
    signerOf(world, { notAfter: '2026-11-22T03:05:59Z' }),
    'certificate-expired',
  );
  await token(
    'token-signer-not-yet-valid',
    'The signer’s certificate begins after genTime.',
    signerOf(world, { notBefore: '2026-11-22T03:06:01Z' }),
    'certificate-not-yet-valid',
  );
  await token(
    'token-issuer-is-no-authority',
    'The signer was issued by a certificate that may not issue any.',
    signerOf(world, {}, { ca: false, keyUsage: 0x80, purposes: null }),
    'issuer-is-not-a-ca',
  );
  await token(
    'token-unknown-critical-extension',
    'The signer’s certificate has a critical extension that nobody knows.',
    signerOf(world, { unknownCritical: true }),
    'unknown-critical-extension',
  );
  await token(
    'token-signer-revoked-before',
    'Revoked before genTime.',
    { revocation: crls(world, { at: '2026-11-20T00:00:00Z', reason: 4 }) },
    'signer-revoked',
  );
  await token(
    'token-key-compromised-later',
    'Revoked later because the key was stolen: whoever has it can write any time.',
    { revocation: crls(world, { at: '2026-12-01T00:00:00Z', reason: 1 }) },
    'signer-revoked',
  );
  await token(
    'token-revoked-later-without-reason',
    'Revoked later, without a reason.',
    { revocation: crls(world, { at: '2026-12-01T00:00:00Z' }) },
    'signer-revoked',
  );
  await changed(
    'token-with-trailing-byte',
    'A byte behind the token.',
    (c) => {
      const stamp = c.publications[0]?.attestations[1] as { token: string };
      stamp.token = Buffer.concat([Buffer.from(stamp.token, 'base64'), Buffer.of(0)]).toString('base64');
    },
    { rfc3161: 'failed trailing-bytes' },
    1,
    { tokens: [{}] },
  );
  await changed(
    'token-malformed',
    'A length in the token’s DER is wrong.',
    (c) => {
      const stamp = c.publications[0]?.attestations[1] as { token: string };
      const der = Buffer.from(stamp.token, 'base64');
      der[3] = (der[3] as number) + 9;
      stamp.token = der.toString('base64');
    },
    { rfc3161: 'failed token-malformed' },
    1,
    { tokens: [{}] },
  );
  await bad(
    'token-required-of-unknown-authority',
    'A token is asked for, and the only one is a stranger’s.',
    { tokens: [strangersToken()] },
    { rfc3161: 'not-checked untrusted-key' },
    2,
    { policy: 'policies/token-required.json' },
  );

  // ── Bitcoin ──
  await bad(
    'bitcoin-block-with-another-root',
    'The reader knows the block, with another Merkle root.',
    { ots: ['wrong-block'] },
    { opentimestamps: 'failed merkle-root-mismatch' },
  );
  const otsOf = (c: Certificate) => c.publications[0]?.attestations[1] as { proof: string };
  const root = fixed('another root');
  await changed(
    'bitcoin-proof-of-another-root',
    'The proof is over another root hash.',
    (c) => {
      otsOf(c).proof = Buffer.from(world.calendarProof(root, 'pending')).toString('base64');
    },
    { opentimestamps: 'failed proof-of-another-digest' },
    1,
    { ots: ['pending'] },
  );
  await changed(
    'bitcoin-proof-malformed',
    'The proof is cut off.',
    (c) => {
      otsOf(c).proof = Buffer.from(otsOf(c).proof, 'base64').subarray(0, 90).toString('base64');
    },
    { opentimestamps: 'failed proof-malformed' },
    1,
    { ots: ['pending'] },
  );
  await changed(
    'bitcoin-header-without-work',
    'The policy’s header does not meet the target that it states: the block is not known.',
    () => {},
    { opentimestamps: 'not-checked offline' },
    2,
    { anchors: [], ots: ['unknown-block'] },
  );

  // ── seals ──
  const sealed = await world.certificate();
  await put(
    'bad/seal-over-other-content',
    { ...sealed, claims: { ...sealed.claims, certificateNo: 'TZ-20261122-4K7Q2M9Y' } },
    'Content changed after sealing.',
    { exit: 1, decides: { seal: 'failed signature-invalid' } },
  );
  await put(
    'bad/seal-signature-changed',
    withSignature(sealed, (bytes) => {
      bytes[40] = (bytes[40] as number) ^ 1;
      return bytes;
    }),
    'A bit of the seal’s signature is another.',
    { exit: 1, decides: { seal: 'failed signature-invalid' } },
  );
  await put(
    'bad/seal-of-a-stranger',
    await world.seal(await world.unsealed(), strangersSealer),
    'A valid seal of a signer whom the policy does not name.',
    { exit: 2, decides: { seal: 'not-checked untrusted-key' } },
  );
  await put('bad/no-seal', await world.unsealed(), 'Nobody sealed it.', {
    exit: 2,
    decides: { seal: 'not-checked absent' },
  });
  await put(
    'bad/seal-signer-expired',
    await world.seal(
      await world.unsealed({ issuedAt: '2026-12-05T00:00:00.000Z' }),
      new Sealer(keyOf(world.shortSigner)),
    ),
    'Without a token the stated time counts, and the signer’s certificate had ended.',
    { exit: 1, decides: { seal: 'failed certificate-expired' } },
  );
  await put(
    'bad/seal-token-over-other-bytes',
    await stamped(encodeUtf8('another signature')),
    'The seal’s token is over another signature.',
    { exit: 1, decides: { seal: 'failed timestamp-invalid' } },
  );
  await put(
    'bad/seal-token-after-expiry',
    await withLateToken(world),
    'The seal’s token is of a time after the end of the signer’s certificate.',
    { exit: 1, decides: { seal: 'failed certificate-expired' } },
  );
  await put(
    'bad/seal-of-unknown-algorithm',
    withHeader(sealed, (header) => ({ ...header, alg: 'ES384' })),
    'An algorithm that this version does not know is not checked.',
    { exit: 2, decides: { seal: 'not-checked unsupported' } },
  );
  await put(
    'bad/seal-header-with-more-members',
    withHeader(sealed, (header) => ({ ...header, kid: 'a key' })),
    'Nothing but alg and x5c may stand in the header.',
    { exit: 1, decides: { seal: 'failed malformed' } },
  );
}

/**
 * What a certificate of a large log weighs: a million leaves, one file shown, a chain whose block holds 300 receipts, tokens of two
 * authorities on RSA with their issuers embedded, a proof in Bitcoin. Revocation data lie beside it.
 */
async function addAMillion(to: Collection, world: VectorWorld): Promise<void> {
  const roots = world.authorities.map(({ root }) => root);
  const tokens = roots.map((root, i) => {
    const issuer = issue({
      name: `Authority ${i + 1} RSA`,
      issuer: root,
      ca: true,
      kind: 'rsa',
      notAfter: '2034-01-01T00:00:00Z',
    });
    const signer = issue({ name: `Authority ${i + 1} RSA unit`, issuer, kind: 'rsa' });
    return { root, issuer, token: { signer, embedded: [signer, issuer] } };
  });
  const certificate = await world.certificate({
    files: 1,
    treeSize: 1_000_000,
    leafIndex: 777_777,
    anchors: [{ receipts: 300, after: 420 }],
    tokens: tokens.map(({ token }) => token),
    ots: ['bitcoin'],
  });
  const stem = 'certificates/good/a-million-leaves';
  const dates = { thisUpdate: '2026-12-02T00:00:00Z', nextUpdate: '2026-12-09T00:00:00Z' };
  const lists = tokens.flatMap(({ root, issuer }) => [
    makeCrl({ issuer, ...dates }),
    makeCrl({ issuer: root, ...dates }),
  ]);
  const sidecar = await Promise.all(lists.map((list, i) => to.put(`${stem}.${i + 1}.crl`, list)));
  await to.add(`${stem}.json`, encode(certificate), {
    kind: 'certificate',
    policy: 'policies/two-independent.json',
    files: ['files/1.txt', ...sidecar],
    exit: 0,
    decides: { rfc3161: 'passed', 'evm.receipt': 'passed', opentimestamps: 'passed' },
    catches:
      'A certificate of a log of a million leaves, with what can be had of proofs; revocation data lie beside it.',
  });
}

/** Chains of seals and tokens that do not hold together. */
async function addChains(to: Collection, world: VectorWorld): Promise<void> {
  const put = async (
    name: string,
    certificate: Certificate,
    outcome: Record<string, string>,
    exit: 0 | 1 | 2,
    catches: string,
  ) =>
    to.add(`certificates/${exit === 0 ? 'good' : 'bad'}/${name}.json`, encode(certificate), {
      kind: 'certificate',
      policy: 'policies/office.json',
      files: SHOWN,
      exit,
      decides: outcome,
      catches,
    });
  const sealedBy = async (chain: Issued[], issuedAt?: string) =>
    world.seal(
      await world.unsealed(issuedAt === undefined ? {} : { issuedAt }),
      new Sealer({ privateKey: (chain[0] as Issued).key, certificateChain: chain.map(({ der }) => der) }),
    );
  const issuing = issue({ name: 'Seal issuer', issuer: world.sealRoot, ca: true });
  const service = (more: Partial<Parameters<typeof issue>[0]> = {}) =>
    issue({ name: 'Service', issuer: issuing, purposes: null, keyUsage: 0xc0, ...more });
  const other = issue({ name: 'Seal issuer', ca: true });
  await put(
    'seal-with-issuer',
    await sealedBy([service(), issuing]),
    { seal: 'passed' },
    0,
    'The signer’s issuer stands behind him in x5c; its own issuer is the policy’s root.',
  );
  await put(
    'seal-chain-in-wrong-order',
    await sealedBy([service(), world.sealRoot, issuing]),
    { seal: 'failed issuer-mismatch' },
    1,
    'Each certificate in x5c is issued by the next.',
  );
  await put(
    'seal-issuer-of-the-same-name',
    await sealedBy([service(), other]),
    { seal: 'failed certificate-signature-invalid' },
    1,
    'The next certificate has the issuer’s name and not its key.',
  );
  await put(
    'seal-of-an-expired-stranger',
    await sealedBy([issue({ name: 'Stranger', purposes: null, notAfter: '2026-06-01T00:00:00Z' })]),
    { seal: 'failed certificate-expired' },
    1,
    'An expired signer fails, whoever he is.',
  );
  await put(
    'seal-issuer-left-out',
    await sealedBy([service()]),
    { seal: 'not-checked untrusted-key' },
    2,
    'Nothing leads from the signer to the policy’s root.',
  );
  await put(
    'seal-in-the-last-second',
    await sealedBy(
      [
        issue({
          name: 'Service',
          issuer: world.sealRoot,
          purposes: null,
          keyUsage: 0xc0,
          notAfter: '2026-11-22T03:20:00Z',
        }),
      ],
      '2026-11-22T03:20:00.999Z',
    ),
    { seal: 'passed' },
    0,
    'The end of a certificate is a whole second, which still counts.',
  );
  const unit = issue({
    name: 'Unknown unit',
    issuer: issue({ name: 'Unknown root', ca: true }),
    notAfter: '2026-06-01T00:00:00Z',
  });
  await put(
    'token-of-an-expired-stranger',
    await world.certificate({ tokens: [{ signer: unit, embedded: [unit] }] }),
    { rfc3161: 'failed certificate-expired' },
    1,
    'A token whose signer had expired fails, whoever issued him.',
  );
}

/** The same signature with n − s in place of s. */
function otherS(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${encodeHex(signature.subarray(32))}`);
  const other = (p256.Point.CURVE().n - s).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(other, 'hex')]);
}

function withSignature(certificate: Certificate, change: (bytes: Uint8Array) => Uint8Array): Certificate {
  const copy = structuredClone(certificate);
  const seal = copy.seals[0] as (typeof copy.seals)[0];
  seal.signature = encodeBase64Url(change(parseBase64Url(seal.signature)));
  return copy;
}

function withHeader(certificate: Certificate, change: (header: object) => object): Certificate {
  const copy = structuredClone(certificate);
  const seal = copy.seals[0] as (typeof copy.seals)[0];
  const header = JSON.parse(Buffer.from(seal.protected, 'base64url').toString()) as object;
  seal.protected = encodeBase64Url(encode(change(header)));
  return copy;
}

async function withLateToken(world: VectorWorld): Promise<Certificate> {
  const { signer, intermediate } = world.authorities[0];
  const sealer = new Sealer(keyOf(world.shortSigner), async (message) =>
    makeToken({ signer, message, embedded: [signer, intermediate], genTime: '2026-12-05T00:00:00.000Z' }),
  );
  return world.seal(await world.unsealed(), sealer);
}

/** Another signer below the first authority, with another issuer if asked. */
function signerOf(
  world: VectorWorld,
  options: Partial<Parameters<typeof issue>[0]>,
  issuer?: Partial<Parameters<typeof issue>[0]>,
) {
  const { root, intermediate } = world.authorities[0];
  const above = issuer === undefined ? intermediate : issue({ name: 'Issuer', issuer: root, ...issuer });
  const signer = issue({ name: 'Unit', issuer: above, ...options });
  return { signer, embedded: [signer, above] };
}

/** The same token by the unit of another authority. */
export function tokenOf(world: VectorWorld, authority: 0 | 1) {
  const { signer, intermediate } = world.authorities[authority];
  return { signer, embedded: [signer, intermediate], genTime: '2026-11-22T03:06:30.500Z' };
}

function strangersToken() {
  const root = issue({ name: 'Unknown root', ca: true });
  const signer = issue({ name: 'Unknown unit', issuer: root });
  return { signer, embedded: [signer, root], genTime: GEN_TIME };
}

/** Lists of both issuers of the first authority; the signer is on one of them if `revoked` says so. */
export function crls(world: VectorWorld, revoked?: { at: string; reason?: number }): Uint8Array[] {
  const { root, intermediate, signer } = world.authorities[0];
  return [
    makeCrl({
      issuer: intermediate,
      thisUpdate: '2026-12-02T00:00:00Z',
      nextUpdate: '2026-12-09T00:00:00Z',
      revoked: revoked ? [{ certificate: signer, ...revoked }] : [],
    }),
    makeCrl({ issuer: root, thisUpdate: '2026-12-02T00:00:00Z', nextUpdate: '2027-06-02T00:00:00Z' }),
  ];
}

function qbftAnchor(): Partial<AnchorOptions> {
  const extra = (round: bigint | Uint8Array, seals: Uint8Array[]) =>
    RLP.encode([fixed('vanity'), [fixed('validator').subarray(0, 20)], [], round, seals] as never);
  return {
    chain: 'eip155:1337',
    after: 330,
    header: (fields) =>
      fields.with(12, extra(3n, [fixed('seal one'), fixed('seal two')])).with(13, new Uint8Array(QBFT_MIX_HASH)),
    hashOf: (_rlp, fields) => keccak_256(RLP.encode(fields.with(12, extra(new Uint8Array(), [])) as never)),
  };
}

/** Another hex digit at byte `at` of `0x…`. */
function flip(hex: string, at: number): string {
  const place = 2 + 2 * at;
  return hex.slice(0, place) + (hex[place] === '0' ? '1' : '0') + hex.slice(place + 1);
}

/** Policies that certificates are judged by. */
export function certificatePolicies(world: VectorWorld): Record<string, Policy> {
  const { keys } = world.policy.witnesses;
  return {
    'policies/office.json': world.office(),
    'policies/two-independent.json': world.office({ independentTimesRequired: 2 }),
    'policies/quorum-two.json': world.office({ witnesses: { keys, quorum: 2 } }),
    'policies/token-required.json': world.office({ tokensRequired: 1 }),
    'policies/strict.json': world.office({
      independentTimesRequired: 3,
      tokensRequired: 2,
      witnesses: { keys, quorum: 3 },
    }),
    'policies/status-required.json': world.office({ statusRequired: true }),
  };
}
