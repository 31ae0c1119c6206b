import { createHash } from 'node:crypto';
import { BlobReader, BlobWriter, Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter } from '@zip.js/zip.js';
import { renderCertificatePdf } from '../../src/certificate/pdf.ts';
import { Sealer } from '../../src/certificate/sealer.ts';
import { signPdf } from '../../src/certificate/sign-pdf.ts';
import { writePackage } from '../../src/filing/package.ts';
import { encodeHex, encodeUtf8, parseHex } from '../../src/format/bytes.ts';
import type { Certificate } from '../../src/format/certificate.ts';
import { commit } from '../../src/format/commitment.ts';
import {
  encodeDetachedTimestamp,
  mergeTimestamps,
  type Operation,
  type Timestamp,
} from '../../src/format/opentimestamps.ts';
import type { PackageSeal } from '../../src/format/package.ts';
import { depositLeafData, plainLeafData } from '../../src/format/spine.ts';
import { encodeTlogProof, withCosignatures } from '../../src/format/tlog-proof.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { int, issue, makeResponse, makeToken, seq } from '../../test/support/timestamp-world.ts';
import { crls } from './certificates.ts';
import type { Claim, Collection } from './collection.ts';
import { encode, FILES, fixed, keyOf, type OtsEnd, RECEIVED_AT, type VectorWorld } from './world.ts';

const SHOWN = ['files/1.txt', 'files/2.png'];
const OFFICE = 'policies/office.json';
const STATUS_NOW = '2026-11-23T10:00:00.000Z';

export async function addOthers(to: Collection, world: VectorWorld): Promise<void> {
  await addJson(to, world);
  await addReceipts(to, world);
  await addPolicies(to, world);
  await addStatuses(to, world);
  await addProofs(to, world);
  await addPapers(to, world);
}

/** Spellings of one certificate: all but the first are refused before anything is checked. */
async function addJson(to: Collection, world: VectorWorld): Promise<void> {
  const certificate = await world.certificate({ files: 1 });
  const text = Buffer.from(encode(certificate)).toString('utf8');
  const refuse = (name: string, catches: string, code: string, spelling: string | Uint8Array) => {
    if (spelling === text) throw new Error(`${name} changes nothing`);
    return to.add(`json/bad/${name}.json`, spelling, { kind: 'certificate', policy: OFFICE, exit: 3, code, catches });
  };
  const replaced = (from: string, by: string) => {
    if (!text.includes(from)) throw new Error(`no ${from}`);
    return text.replace(from, by);
  };
  await to.add('json/good/canonical.json', text, {
    kind: 'certificate',
    policy: OFFICE,
    files: ['files/1.txt'],
    exit: 0,
    catches: 'The one spelling of this certificate.',
  });
  await refuse(
    'blank-behind-a-colon',
    'A blank between name and value.',
    'not-canonical',
    replaced('"index":0', '"index": 0'),
  );
  await refuse('line-feed-at-the-end', 'A line feed behind the object.', 'not-canonical', `${text}\n`);
  await refuse(
    'members-in-another-order',
    'Members are sorted.',
    'not-canonical',
    replaced('"count":1,"root":', '"root":')
      .replace('},"notBefore"', '},"notBefore"')
      .replace(/("files":\{"root":"[0-9a-f]{64}")\}/, '$1,"count":1}'),
  );
  await refuse(
    'member-twice',
    'A member twice: readers would differ over which counts.',
    'not-canonical',
    replaced('"leafIndex":41', '"leafIndex":41,"leafIndex":41'),
  );
  await refuse('number-with-plus', '+5 is no JSON number.', 'not-json', replaced('"leafIndex":41', '"leafIndex":+41'));
  await refuse(
    'number-with-leading-zero',
    '05 is no JSON number.',
    'not-json',
    replaced('"leafIndex":41', '"leafIndex":041'),
  );
  await refuse(
    'number-with-fraction',
    '41.0 is a second spelling of 41.',
    'not-canonical',
    replaced('"leafIndex":41', '"leafIndex":41.0'),
  );
  await refuse(
    'number-with-exponent',
    '41e0 is a second spelling of 41.',
    'not-canonical',
    replaced('"leafIndex":41', '"leafIndex":41e0'),
  );
  await refuse(
    'number-negative',
    'Numbers are not negative.',
    'invalid-number',
    replaced('"leafIndex":41', '"leafIndex":-41'),
  );
  await refuse('number-minus-zero', '-0 is no number here.', 'invalid-number', replaced('"index":0', '"index":-0'));
  await refuse(
    'number-not-an-integer',
    'Numbers are integers.',
    'invalid-number',
    replaced('"leafIndex":41', '"leafIndex":41.5'),
  );
  await refuse(
    'number-beyond-2-to-53',
    'Beyond 2⁵³−1 programs round.',
    'invalid-number',
    replaced('"leafIndex":41', '"leafIndex":9007199254740993'),
  );
  await refuse('trailing-data', 'A second object behind the first.', 'not-json', `${text}{}`);
  await refuse('cut-off', 'The last brace is missing.', 'not-json', text.slice(0, -1));
  await refuse('byte-order-mark', 'A byte order mark in front.', 'not-json', `\ufeff${text}`);
  await refuse('comment', 'JSON has no comments.', 'not-json', replaced('{', '{/* */'));
  await refuse(
    'nested-too-deep',
    'More than 16 levels.',
    'too-deep',
    replaced('"notBeforeHeader":"0x', `"notBeforeHeader":${'['.repeat(17)}${']'.repeat(17)},"x":"0x`),
  );
  await refuse(
    'lone-surrogate',
    'Half of a pair is no character.',
    'invalid-utf8',
    replaced('"铁证.txt"', '"\\ud800"'),
  );
  await refuse(
    'not-utf8',
    'A byte that begins no character.',
    'invalid-utf8',
    Buffer.from(replaced('"kind":"organisation"', '"kind":"\u0001rganisation"').replace('\u0001', '\u00ff'), 'latin1'),
  );
  await refuse(
    'member-name-not-ascii',
    'Names of members are ASCII.',
    'invalid-field',
    replaced('{"annexes"', '{"annexés":1,"annexes"')
      .replace('{"annexés":1,"annexes"', '{"annexes"')
      .replace('"type":"tiezheng/certificate/v1"}', '"type":"tiezheng/certificate/v1","é":1}'),
  );
  await refuse(
    'escape-that-is-not-needed',
    '\\u0061 is a second spelling of a.',
    'not-canonical',
    replaced('"method":"none"', '"method":"\\u006eone"'),
  );
  await refuse(
    'escaped-slash',
    '\\/ is a second spelling of /.',
    'not-canonical',
    replaced('"tiezheng/certificate/v1"', '"tiezheng\\/certificate\\/v1"'),
  );
  await refuse(
    'unknown-member',
    'A member that nobody knows.',
    'invalid-field',
    replaced('"type":"tiezheng/certificate/v1"}', '"type":"tiezheng/certificate/v1","zone":1}'),
  );
  await refuse(
    'member-missing',
    'A member that has to be there.',
    'invalid-field',
    replaced('"evaluation":false,', ''),
  );
  await refuse(
    'unknown-type',
    'A type of the future.',
    'unknown-type',
    replaced('"tiezheng/certificate/v1"', '"tiezheng/certificate/v2"'),
  );
  await refuse(
    'hex-in-capitals',
    'Hex digits are lower case.',
    'invalid-field',
    replaced(certificate.record.salt, certificate.record.salt.toUpperCase()),
  );
  await refuse(
    'digest-too-short',
    'A digest has 64 digits.',
    'invalid-field',
    replaced(certificate.record.salt, certificate.record.salt.slice(2)),
  );
  await refuse(
    'time-without-milliseconds',
    'Times have milliseconds.',
    'invalid-field',
    replaced(RECEIVED_AT, '2026-11-22T03:04:05Z'),
  );
  await refuse(
    'time-with-offset',
    'Times are UTC.',
    'invalid-field',
    replaced(RECEIVED_AT, '2026-11-22T11:04:05.678+08:00'),
  );
  await refuse(
    'time-on-february-30',
    'There is no such day.',
    'invalid-field',
    replaced(RECEIVED_AT, '2026-02-30T03:04:05.678Z'),
  );
  await refuse(
    'control-character-in-text',
    'A backspace in a title.',
    'invalid-field',
    replaced('"展会现场"', '"展会\\b现场"'),
  );
  await refuse('empty-text', 'A title of nothing.', 'invalid-field', replaced('"展会现场"', '""'));
  await refuse(
    'name-longer-than-255',
    'A name of 256 units.',
    'invalid-field',
    replaced('"铁证.txt"', `"${'n'.repeat(256)}"`),
  );
  await refuse(
    'chain-not-caip-2',
    'A chain without its namespace.',
    'invalid-field',
    replaced('"chain":"eip155:1"', '"chain":"1"'),
  );
  await refuse(
    'address-with-capitals',
    'The checksum of an address would be a second spelling.',
    'invalid-field',
    replaced('0x5fbdb2315678afecb367f032d93f642f64180aa3', '0x5FbDB2315678afecb367f032d93F642f64180aa3'),
  );
  await refuse(
    'no-publication',
    'A certificate has one publication at least.',
    'invalid-field',
    Buffer.from(encode({ ...certificate, publications: [] })),
  );
  await refuse(
    'unknown-attestation',
    'An attestation of a type that nobody knows.',
    'invalid-field',
    replaced('"type":"evm"', '"type":"evn"'),
  );
  await refuse('nothing', 'No bytes at all.', 'not-json', '');
}

async function addReceipts(to: Collection, world: VectorWorld): Promise<void> {
  const certificate = await world.unsealed();
  const [publication] = certificate.publications as [Certificate['publications'][0]];
  const receipt = {
    type: 'tiezheng/receipt/v1',
    evaluation: false,
    record: certificate.record,
    files: certificate.files.map(({ entry, name }) => ({ entry, name })),
    annexes: certificate.annexes,
    leafIndex: certificate.log.leafIndex,
    inclusionProof: publication.inclusionProof,
    checkpoint: publication.checkpoint,
    publishBy: '2026-11-23T03:04:05.678Z',
    seals: [],
  };
  const add = async (name: string, object: typeof receipt, claim: Omit<Claim, 'kind'>, sealer = world.sealer) =>
    to.add(`receipts/${name}.json`, encode(await world.seal(object, sealer)), {
      kind: 'receipt',
      policy: OFFICE,
      files: SHOWN,
      ...claim,
    });
  await add('good/receipt', receipt, {
    good: true,
    exit: 2,
    decides: { 'log.inclusion': 'passed', 'time.bracket': 'pending', seal: 'passed' },
    catches: 'A receipt proves place and signature, no time: an anchor is pending.',
  });
  await add(
    'bad/record-changed',
    { ...receipt, record: { ...receipt.record, salt: encodeHex(fixed('other')) } },
    {
      exit: 1,
      decides: { 'log.inclusion': 'failed root-mismatch' },
      catches: 'The record is not the one at this leaf.',
    },
  );
  await add(
    'bad/file-left-out',
    { ...receipt, files: receipt.files.slice(0, 1) },
    {
      exit: 1,
      files: ['files/1.txt'],
      decides: { 'file.path': 'failed root-mismatch' },
      catches: 'A receipt shows all files; with one less the root is another.',
    },
  );
  await add(
    'bad/files-exchanged',
    { ...receipt, files: [...receipt.files].reverse() },
    { exit: 1, decides: { 'file.path': 'failed root-mismatch' }, catches: 'Files stand in their order.' },
  );
  await add(
    'bad/checkpoint-unsigned',
    { ...receipt, checkpoint: receipt.checkpoint.split('\n').slice(0, 4).join('\n') },
    { exit: 1, decides: { 'log.signature': 'failed invalid-note' }, catches: 'The checkpoint has no signature line.' },
  );
  await add(
    'bad/checkpoint-with-extension',
    { ...receipt, checkpoint: receipt.checkpoint.replace('\n\n', '\nextension\n\n') },
    { exit: 1, decides: { 'log.signature': 'failed invalid-checkpoint' }, catches: 'Extension lines are refused.' },
  );
  await add(
    'bad/tree-size-with-leading-zero',
    { ...receipt, checkpoint: receipt.checkpoint.replace('\n57\n', '\n057\n') },
    { exit: 1, decides: { 'log.inclusion': 'failed invalid-checkpoint' }, catches: 'A tree size has one spelling.' },
  );
  await add(
    'bad/seal-of-a-stranger',
    receipt,
    { exit: 2, decides: { seal: 'not-checked untrusted-key' }, catches: 'Anybody can seal what he has of a log.' },
    new Sealer(keyOf(world.strangerSigner)),
  );
  await to.add(
    'receipts/bad/annex-closed.json',
    encode(await world.seal({ ...receipt, annexes: { depositor: certificate.annexes.depositor } as never })),
    { kind: 'receipt', policy: OFFICE, exit: 3, code: 'invalid-field', catches: 'In a receipt everything is opened.' },
  );
}

async function addPolicies(to: Collection, world: VectorWorld): Promise<void> {
  const office = world.office();
  const spaced = (policy: object) => `${JSON.stringify(policy, null, 2)}\n`;
  const unsigned = (name: string, policy: object, catches: string, code?: string) =>
    to.add(`policies/${name}.json`, spaced(policy), {
      kind: 'policy',
      exit: code === undefined ? 0 : 3,
      ...(code && { code }),
      catches,
    });
  const [log] = office.logs as [(typeof office.logs)[0]];
  await unsigned('good/hand-written', office, 'People write policies: any spelling is read.');
  await unsigned(
    'good/trusting-nobody',
    {
      ...office,
      logs: [],
      chains: [],
      blocks: [],
      authorities: [],
      seals: [],
      witnesses: { keys: [], quorum: 0 },
      bitcoin: undefined,
    },
    'Lists may be empty, and what is optional absent.',
  );
  await unsigned(
    'bad/unknown-field',
    { ...office, logs: [{ ...log, origins: [] }] },
    'A field that no policy has: its author meant something else.',
    'invalid-field',
  );
  await unsigned(
    'bad/field-missing',
    { ...office, witnesses: undefined },
    'A field that every policy has.',
    'invalid-field',
  );
  await unsigned(
    'bad/quorum-of-text',
    { ...office, witnesses: { keys: [], quorum: '2' } },
    'A number in quotes.',
    'invalid-field',
  );
  await unsigned(
    'bad/times-required-17',
    { ...office, independentTimesRequired: 17 },
    'Beyond what can be asked for.',
    'invalid-field',
  );
  await unsigned(
    'bad/leaf0-with-0x',
    { ...office, logs: [{ ...log, leaf0: `0x${log.leaf0}` }] },
    'Leaf hashes have no 0x.',
    'invalid-field',
  );
  await unsigned(
    'bad/another-type',
    { ...office, type: 'tiezheng/policy/v2' },
    'A type of the future.',
    'unknown-type',
  );
  await unsigned(
    'bad/key-with-wrong-hash',
    { ...office, logs: [{ ...log, keys: [log.keys[0]?.replace(/\+[0-9a-f]{8}\+/, '+00000000+')] }] },
    'The key’s hash is not of this name and key.',
    'invalid-key',
  );
  await unsigned(
    'bad/witness-key-of-a-log',
    { ...office, witnesses: { keys: log.keys, quorum: 0 } },
    'A log’s key is no witness’s key: its first byte differs.',
    'invalid-key',
  );
  await unsigned(
    'bad/root-not-x509',
    { ...office, authorities: [{ certificate: 'MAA=', independent: true }] },
    'The root of an authority is no X.509 certificate.',
    'not-a-certificate',
  );
  await to.add('policies/bad/not-json.json', '{ "type": "tiezheng/policy/v1", }', {
    kind: 'policy',
    exit: 3,
    code: 'not-json',
    catches: 'A comma too many.',
  });

  const signer = await to.put('policies/signer.der', world.sealRoot.der);
  const draft = {
    type: 'tiezheng/signed-policy/v1',
    issuer: '某某仲裁委员会',
    name: 'web pages',
    serial: 7,
    issuedAt: '2026-11-22T00:00:00.000Z',
    expiresAt: '2027-11-22T00:00:00.000Z',
    policy: office,
    seals: [],
  };
  const signed = await world.seal(draft);
  const now = '2026-12-01T00:00:00.000Z';
  const add = (name: string, object: object, catches: string, claim: Partial<Claim> = {}) =>
    to.add(`policies/${name}.json`, encode(object), {
      kind: 'policy',
      signer,
      now,
      exit: claim.code === undefined ? 0 : 3,
      catches,
      ...claim,
    });
  await add('good/signed', signed, 'Signed by the signer whom the reader names.');
  const held = 'policies/good/signed.json';
  await add(
    'good/signed-newer',
    await world.seal({ ...draft, serial: 8 }),
    'A higher serial takes the place of the one at hand.',
    { held },
  );
  await add('bad/signed-signer-not-named', signed, 'Whoever names no signer takes nobody’s policy.', {
    signer: undefined,
    code: 'policy-signer-missing',
  } as never);
  await add(
    'bad/signed-by-another',
    await world.seal(draft, new Sealer(keyOf(world.strangerSigner))),
    'Signed by somebody else.',
    { code: 'policy-signed-by-another' },
  );
  await add('bad/signed-by-nobody', draft, 'No seal.', { code: 'policy-not-signed' });
  await add(
    'bad/signed-and-changed',
    { ...signed, policy: { ...office, independentTimesRequired: 0 } },
    'Changed below its seal.',
    { code: 'policy-seal-invalid' },
  );
  await add('bad/signed-expired', signed, 'Its term is over when it is fetched.', {
    now: '2027-11-22T00:00:00.000Z',
    code: 'policy-expired',
  });
  await add('bad/signed-older', await world.seal({ ...draft, serial: 6 }), 'An older one is passed off as new.', {
    held,
    code: 'policy-older',
  });
  await add(
    'bad/signed-serial-reused',
    await world.seal({ ...draft, issuer: '另一机构' }),
    'One serial, two policies.',
    { held, code: 'policy-serial-reused' },
  );
  await add(
    'bad/signed-another-name',
    await world.seal({ ...draft, serial: 8, name: 'photos' }),
    'Another policy of the same office.',
    { held, code: 'policy-of-another-name' },
  );
  await add(
    'bad/signed-term-backwards',
    await world.seal({ ...draft, expiresAt: '2026-11-21T00:00:00.000Z' }),
    'It ends before it begins.',
    { code: 'invalid-field' },
  );
  await to.add('policies/bad/signed-spaced.json', spaced(signed), {
    kind: 'policy',
    signer,
    exit: 3,
    code: 'not-canonical',
    catches: 'A signed policy has one spelling.',
  });
  await to.add('policies/bad/signer-named-for-an-unsigned-one.json', spaced(office), {
    kind: 'policy',
    signer,
    exit: 3,
    code: 'policy-not-signed',
    catches: 'A signer is named, and nobody signed.',
  });
}

async function addStatuses(to: Collection, world: VectorWorld): Promise<void> {
  const certificate = await world.certificate();
  const about = { certificateNo: certificate.claims.certificateNo, certificate: digestOf(certificate) };
  const recordOf = (status: object) => ({
    type: 'tiezheng/status/v1',
    ...about,
    since: '2026-11-23T01:02:03.004Z',
    reason: 'first-asked-for',
    salt: encodeHex(fixed('status')),
    ...status,
  });
  const answerTo = async (record: object, change: object = {}) => {
    const { cosignatures, ...publication } = await world.publication(plainLeafData(record as never), 50, {
      anchors: [],
      treeSize: 60,
    });
    const at = '2026-11-23T01:02:09.120Z';
    return {
      type: 'tiezheng/status-proof/v1',
      ...about,
      evaluation: false,
      record,
      log: { origin: 'log.example.org/2026', leafIndex: 50, keys: [world.log.vkey] },
      publication: { ...publication, cosignatures },
      claims: { answeredAt: at, checkpointAt: '2026-11-23T01:02:03.310Z', newest: true },
      seals: [],
      ...change,
    };
  };
  const file = await to.put('status/certificate.json', encode(certificate));
  const add = async (name: string, answer: object, claim: Omit<Claim, 'kind'>) => {
    const status = await to.put(`status/${name}.json`, encode(answer));
    const beside = { kind: 'certificate' as const, file, policy: OFFICE, files: SHOWN, status, now: STATUS_NOW };
    await to.add(status, undefined, { ...beside, ...claim });
  };
  const required = 'policies/status-required.json';
  const valid = await answerTo(recordOf({ status: 'valid' }));
  const withdrawn = await answerTo(recordOf({ status: 'withdrawn', reason: 'issued-in-error' }));
  await add('good/valid', await world.seal(valid), {
    exit: 0,
    policy: required,
    decides: { status: 'passed' },
    catches: 'The issuer says, less than a day ago, that the certificate is valid.',
  });
  await add(
    'good/certified',
    await world.seal(
      await answerTo({
        type: 'tiezheng/certified/v1',
        certificate: about.certificate,
        salt: encodeHex(fixed('certified')),
      }),
    ),
    {
      exit: 0,
      policy: required,
      decides: { status: 'passed' },
      catches: 'Nothing was said but that it was issued: valid by that.',
    },
  );
  await add('good/withdrawn-not-asked-for', await world.seal(withdrawn), {
    exit: 0,
    decides: { status: 'failed withdrawn' },
    catches: 'A withdrawal turns no other check and not the conclusion, unless the policy asks.',
  });
  await add('bad/withdrawn', await world.seal(withdrawn), {
    exit: 1,
    policy: required,
    decides: { status: 'failed withdrawn' },
    catches: 'Withdrawn, and the policy asks for a status.',
  });
  await add(
    'bad/superseded',
    await world.seal(
      await answerTo(recordOf({ status: 'superseded', reason: 'reissued', successor: encodeHex(fixed('successor')) })),
    ),
    {
      exit: 1,
      policy: required,
      decides: { status: 'failed superseded' },
      catches: 'Another certificate took its place.',
    },
  );
  await add('bad/stale', await world.seal(valid), {
    exit: 2,
    policy: required,
    now: '2026-11-24T10:00:00.000Z',
    decides: { status: 'not-checked stale' },
    catches: 'More than a day old.',
  });
  await add('bad/of-the-future', await world.seal(valid), {
    exit: 2,
    policy: required,
    now: '2026-11-23T00:00:00.000Z',
    decides: { status: 'not-checked stale' },
    catches: 'Answered an hour after the reader’s now.',
  });
  await add(
    'bad/about-another-certificate',
    await world.seal(await answerTo(recordOf({ status: 'valid' }), { certificate: encodeHex(fixed('other')) })),
    {
      exit: 1,
      policy: required,
      decides: { status: 'failed about-another-certificate' },
      catches: 'The answer is about another certificate.',
    },
  );
  await add(
    'bad/record-not-in-the-log',
    await world.seal({ ...valid, record: { ...valid.record, salt: encodeHex(fixed('other')) } }),
    {
      exit: 1,
      policy: required,
      decides: { status: 'failed root-mismatch' },
      catches: 'The record is not at this leaf.',
    },
  );
  await add('bad/unsealed', valid, {
    exit: 2,
    policy: required,
    decides: { status: 'not-checked absent' },
    catches: 'Without a seal anyone could pair an old record with a new checkpoint.',
  });
  await add('bad/sealed-by-a-stranger', await world.seal(valid, new Sealer(keyOf(world.strangerSigner))), {
    exit: 2,
    policy: required,
    decides: { status: 'not-checked untrusted-key' },
    catches: 'Sealed by somebody whom the policy does not name.',
  });
  await add(
    'bad/withdrawn-denied-by-changing-the-record',
    { ...(await world.seal(withdrawn)), record: recordOf({ status: 'valid', reason: 'issued-in-error' }) },
    {
      exit: 1,
      policy: required,
      decides: { status: 'failed root-mismatch' },
      catches: 'A withdrawal rewritten as valid.',
    },
  );
  await add(
    'bad/superseded-without-successor',
    await world.seal(await answerTo(recordOf({ status: 'superseded', reason: 'reissued' }))),
    { exit: 3, code: 'invalid-field', catches: 'Superseded names what takes the place.' },
  );
}

async function addProofs(to: Collection, world: VectorWorld): Promise<void> {
  const [first] = FILES as [(typeof FILES)[0]];
  const digest = new Uint8Array(createHash('sha256').update(first.bytes).digest());
  const beside = ['files/1.txt'];
  const add = (name: string, bytes: Uint8Array | string, claim: Claim) =>
    to.add(`proofs/${name}`, bytes, { policy: OFFICE, files: beside, ...claim });

  // ── OpenTimestamps ──
  const certificate = await world.unsealed({ files: 1, ots: ['bitcoin'] });
  const steps = spineOf(certificate);
  const ots = (...ends: OtsEnd[]) => fileProof(world, digest, steps, ends);
  const complete = ots('bitcoin');
  const otsClaim = { kind: 'opentimestamps' as const };
  await add('good/file-to-bitcoin.ots', complete, {
    ...otsClaim,
    exit: 0,
    decides: { opentimestamps: 'passed', 'file.digest': 'passed' },
    catches: 'From the SHA-256 of a file along the spine to the root of the log and into a known Bitcoin block.',
  });
  await add('good/pending.ots', ots('pending'), {
    ...otsClaim,
    good: true,
    exit: 2,
    decides: { opentimestamps: 'pending' },
    catches: 'A calendar’s promise: not yet a proof, and nothing wrong.',
  });
  await add('good/two-calendars.ots', ots('bitcoin', 'pending'), {
    ...otsClaim,
    exit: 0,
    decides: { opentimestamps: 'passed' },
    catches: 'Two branches, one of them complete.',
  });
  await add('bad/of-another-file.ots', complete, {
    ...otsClaim,
    files: ['files/2.png'],
    exit: 1,
    decides: { 'file.digest': 'failed not-the-file-of-this-proof' },
    catches: 'The one file presented is not the one that the proof speaks of.',
  });
  await add('bad/without-its-file.ots', complete, {
    ...otsClaim,
    files: [],
    exit: 2,
    decides: { 'file.missing': 'not-checked absent' },
    catches: 'Nothing was presented.',
  });
  await add('bad/wrong-block.ots', ots('wrong-block'), {
    ...otsClaim,
    exit: 1,
    decides: { opentimestamps: 'failed merkle-root-mismatch' },
    catches: 'The block has another Merkle root.',
  });
  await add('bad/unknown-block.ots', ots('unknown-block'), {
    ...otsClaim,
    exit: 2,
    decides: { opentimestamps: 'not-checked offline' },
    catches: 'Nobody whom the reader trusts names that block.',
  });
  await add('bad/litecoin-alone.ots', ots('litecoin'), {
    ...otsClaim,
    exit: 2,
    decides: { opentimestamps: 'not-checked unsupported' },
    catches: 'Only another chain attests.',
  });
  const broken = (name: string, catches: string, code: string, bytes: Uint8Array) =>
    add(`bad/${name}.ots`, bytes, { ...otsClaim, exit: 3, code, catches });
  await broken('cut-off', 'Bytes are missing.', 'invalid-opentimestamps', complete.subarray(0, complete.length - 1));
  await broken('trailing-byte', 'A byte behind the end.', 'trailing-bytes', Buffer.concat([complete, Buffer.of(0)]));
  await broken('version-two', 'Another version.', 'invalid-opentimestamps', withByte(complete, 31, 2));
  await broken('over-sha1', 'Over a SHA-1.', 'unsupported-digest', withByte(complete, 32, 2));
  await broken(
    'unknown-operation',
    'An operation that is not in the table.',
    'unknown-operation',
    withByte(complete, 65, 0xf4),
  );
  await broken(
    'append-of-nothing',
    'An append without an argument.',
    'invalid-opentimestamps',
    Buffer.concat([complete.subarray(0, 65), Buffer.of(0xf0, 0), complete.subarray(65)]),
  );
  await broken(
    'longer-number',
    'A number in a longer spelling than needed.',
    'invalid-opentimestamps',
    Buffer.concat([complete.subarray(0, 66), Buffer.of(0xc0, 0x00), complete.subarray(67)]),
  );
  await broken(
    'branch-twice',
    'The same branch twice.',
    'invalid-opentimestamps',
    Buffer.concat([complete.subarray(0, 65), Buffer.of(0xff), complete.subarray(65), complete.subarray(65)]),
  );
  await broken(
    'too-deep',
    '256 operations after one another.',
    'too-deep',
    Buffer.concat([complete.subarray(0, 65), Buffer.alloc(256, 8), complete.subarray(complete.length - 11)]),
  );

  // ── tokens ──
  const { signer, intermediate, root: authorityRoot } = world.authorities[0];
  const token = makeToken({ signer, message: first.bytes, embedded: [signer, intermediate] });
  const tst = { kind: 'timestamp-token' as const };
  await add('good/file.tst', token, {
    ...tst,
    exit: 0,
    decides: { rfc3161: 'passed', 'file.digest': 'passed' },
    catches: 'A token over a file.',
  });
  await add('good/file.tsr', makeResponse(token), {
    kind: 'timestamp-response',
    exit: 0,
    decides: { rfc3161: 'passed' },
    catches: 'The authority’s answer, with the token in it.',
  });
  const issuer = await to.put('proofs/authority-1.der', intermediate.der);
  await add('good/issuer-beside.tst', makeToken({ signer, message: first.bytes }), {
    ...tst,
    files: [...beside, issuer],
    exit: 0,
    decides: { rfc3161: 'passed' },
    catches: 'The issuer lies beside the token as a file.',
  });
  await add('bad/another-file.tst', token, {
    ...tst,
    files: ['files/2.png'],
    exit: 1,
    decides: { 'file.digest': 'failed not-the-file-of-this-proof' },
    catches: 'The token is over another file.',
  });
  await add('bad/not-granted.tsr', new Uint8Array(seq(seq(int(2)))), {
    kind: 'timestamp-response',
    exit: 1,
    decides: { rfc3161: 'failed not-granted' },
    catches: 'The authority refused.',
  });
  await add('bad/issuer-missing.tst', makeToken({ signer, message: first.bytes, serial: 9n }), {
    ...tst,
    exit: 2,
    decides: { rfc3161: 'not-checked untrusted-key' },
    catches: 'Without the issuer no chain leads to a root of the policy.',
  });
  const [crl] = crls(world, { at: '2026-11-20T00:00:00Z', reason: 1 }) as [Uint8Array];
  const list = await to.put('proofs/revoked.crl', crl);
  await add(
    'bad/revoked.tst',
    makeToken({ signer, message: first.bytes, embedded: [signer, intermediate, authorityRoot], serial: 10n }),
    {
      ...tst,
      files: [...beside, list],
      exit: 1,
      decides: { rfc3161: 'failed signer-revoked' },
      catches: 'A list beside it says that the signer was revoked before.',
    },
  );
  const stranger = issue({ name: 'Unit of nobody' });
  await add('bad/self-signed-unit.tst', makeToken({ signer: stranger, message: first.bytes }), {
    ...tst,
    exit: 2,
    decides: { rfc3161: 'not-checked untrusted-key' },
    catches: 'Anybody can sign times.',
  });

  // ── .tlog-proof ──
  const logged = await world.unsealed({ cosigners: world.witnesses.slice(0, 2) });
  const [publication] = logged.publications as [Certificate['publications'][0]];
  const leafData = depositLeafData(logged.record);
  const entry = await to.put('proofs/leaf-data.bin', leafData);
  const proof = {
    extra: leafData as Uint8Array,
    leafIndex: 41n,
    hashes: publication.inclusionProof.map(parseHex),
    checkpointBytes: withCosignatures(encodeUtf8(publication.checkpoint), publication.cosignatures),
  };
  const tlog = { kind: 'tlog-proof' as const, files: [entry] };
  const written = Buffer.from(encodeTlogProof(proof)).toString('utf8');
  await add('good/record.tlog-proof', written, {
    ...tlog,
    policy: 'policies/quorum-two.json',
    exit: 0,
    decides: { 'log.entry': 'passed', 'log.cosignatures': 'passed' },
    catches: 'Entry, log and two witnesses.',
  });
  await add('good/extra-is-the-entry.tlog-proof', written, {
    ...tlog,
    files: [],
    good: true,
    exit: 2,
    decides: { 'log.entry': 'passed', 'file.missing': 'not-checked unsupported' },
    catches: 'The proof brings its entry along; which file that stands for is not said.',
  });
  await add('bad/index-changed.tlog-proof', written.replace('index 41', 'index 40'), {
    ...tlog,
    exit: 1,
    decides: { 'log.entry': 'failed root-mismatch' },
    catches: 'Another place than the hashes lead from.',
  });
  await add('bad/hash-missing.tlog-proof', encodeTlogProof({ ...proof, hashes: proof.hashes.slice(1) }), {
    ...tlog,
    exit: 1,
    decides: { 'log.entry': 'failed proof-too-short' },
    catches: 'A hash less than the tree has levels.',
  });
  await add('bad/index-with-leading-zero.tlog-proof', written.replace('index 41', 'index 041'), {
    ...tlog,
    exit: 3,
    code: 'invalid-tlog-proof',
    catches: 'A number in a second spelling.',
  });
  await add('bad/blank-line-missing.tlog-proof', written.replace('\n\n', '\n'), {
    ...tlog,
    exit: 3,
    code: 'invalid-base64',
    catches: 'No blank line before the checkpoint.',
  });
  await add('bad/line-behind-the-signatures.tlog-proof', `${written}\n`, {
    ...tlog,
    exit: 3,
    code: 'invalid-note',
    catches: 'Something follows the last signature.',
  });
  await add('bad/signature-of-another-tree.tlog-proof', written.replace('\n57\n', '\n58\n'), {
    ...tlog,
    exit: 1,
    decides: { 'log.signature': 'failed signature-invalid' },
    catches: 'The signature is not over this tree size.',
  });
  await add(
    'bad/quorum-not-met.tlog-proof',
    encodeTlogProof({ ...proof, checkpointBytes: encodeUtf8(publication.checkpoint) }),
    {
      ...tlog,
      policy: 'policies/quorum-two.json',
      exit: 2,
      decides: { 'log.cosignatures': 'not-checked absent' },
      catches: 'The policy asks for two witnesses and nobody cosigned.',
    },
  );
}

/** A proof of a file: along the spine to the log's root, and on with what calendars say of that. */
function fileProof(world: VectorWorld, digest: Uint8Array, steps: readonly Operation[], ends: OtsEnd[]): Buffer {
  const root = steps.reduce((message, step) => applied(step, message), digest);
  const proof = world.calendarProof(root, ...ends);
  const head = encodeDetachedTimestamp({ digest, timestamp: chain(steps) });
  return Buffer.concat([head.subarray(0, head.length - PLACEHOLDER), proof.subarray(HEAD)]);
}

/** Magic, version, operation and digest. */
const HEAD = 31 + 1 + 1 + 32;

/** Operations from a file's SHA-256 to the root of the log (docs/formats/README.md). */
function spineOf(certificate: Certificate): Operation[] {
  const { record, files, log, publications } = certificate;
  const { entry, path } = files[0] as Certificate['files'][0];
  const append = (argument: Uint8Array): Operation => ({ kind: 'append', argument });
  const prepend = (argument: Uint8Array): Operation => ({ kind: 'prepend', argument });
  const sha256: Operation = { kind: 'sha256' };
  const steps: Operation[] = [
    append(Buffer.concat([parseHex(entry.digests.sm3 as string), commit(entry)])),
    sha256,
    prepend(Uint8Array.of(0)),
    sha256,
    // The first file: every sibling stands on its right.
    ...path.flatMap((hash) => [append(parseHex(hash)), prepend(Uint8Array.of(1)), sha256]),
    append(commit(record)),
    sha256,
    prepend(Uint8Array.of(0)),
    sha256,
  ];
  let [node, last] = [log.leafIndex, 56];
  for (const hash of (publications[0] as Certificate['publications'][0]).inclusionProof.map(parseHex)) {
    if ((node & 1) === 1 || node === last) {
      steps.push(prepend(Buffer.concat([Uint8Array.of(1), hash])), sha256);
      while ((node & 1) === 0 && node > 0) [node, last] = [node >> 1, last >> 1];
    } else steps.push(append(hash), prepend(Uint8Array.of(1)), sha256);
    [node, last] = [node >> 1, last >> 1];
  }
  return steps;
}

/** What `encodeDetachedTimestamp` writes for the placeholder at the end of `chain`: tag, kind, length, height. */
const PLACEHOLDER = 11;

function chain(steps: readonly Operation[]): Timestamp {
  return steps.reduceRight<Timestamp>(
    (next, operation) => ({ branches: [{ operation, next }] }),
    mergeTimestamps([{ branches: [{ attestation: { kind: 'bitcoin', height: 1 } }] }]),
  );
}

function applied(step: Operation, message: Uint8Array): Uint8Array<ArrayBuffer> {
  switch (step.kind) {
    case 'append':
      return Buffer.concat([message, step.argument]);
    case 'prepend':
      return Buffer.concat([step.argument, message]);
    default:
      return createHash('sha256').update(message).digest();
  }
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

/** The PDF, and the package that holds it with everything else. */
async function addPapers(to: Collection, world: VectorWorld): Promise<void> {
  const { signer, intermediate, root } = world.authorities[0];
  const certificate = await world.certificate({
    tokens: [{ embedded: [signer] }],
    ots: ['bitcoin'],
    cosigners: world.witnesses.slice(0, 2),
  });
  const json = encode(certificate);
  const unsigned = await renderCertificatePdf(json, { verificationUrl: 'https://tiezheng.example.org/verify' });
  const pdf = Buffer.from(await signPdf(unsigned, keyOf(world.sealSigner)));
  const paper = { kind: 'pdf' as const, policy: OFFICE, files: SHOWN };
  const add = (name: string, bytes: Uint8Array, claim: Partial<Claim> & Pick<Claim, 'exit' | 'catches'>) =>
    to.add(`pdf/${name}.pdf`, bytes, { ...paper, ...claim });
  await add('good/certificate', pdf, {
    exit: 0,
    decides: { 'pdf.signature': 'passed', 'pdf.matches': 'passed' },
    catches: 'One signature over the whole file, by the key that sealed the JSON in it.',
  });
  await add('bad/byte-appended', Buffer.concat([pdf, Buffer.from('\n')]), {
    exit: 1,
    decides: { 'pdf.signature': 'failed signature-does-not-cover-the-file' },
    catches: 'A byte behind what the signature covers.',
  });
  const at = pdf.indexOf('/Title') + 8;
  await add('bad/byte-changed', withByte(pdf, at, (pdf[at] as number) ^ 1), {
    exit: 1,
    decides: { 'pdf.signature': 'failed content-digest-mismatch' },
    catches: 'A byte of the pages is another.',
  });
  await add('bad/signed-by-a-stranger', await signPdf(unsigned, keyOf(world.strangerSigner)), {
    exit: 1,
    decides: { 'pdf.matches': 'failed signed-by-another-key-than-the-seal' },
    catches: 'Signed by another key than the one that sealed the JSON.',
  });

  // A package holds more than a reader may have: the issuer of the token is in it and not in the certificate.
  const packed = await zipBytes(world, {
    certificate,
    json,
    pdf,
    material: { certificates: [intermediate.der, root.der], revocation: crls(world) },
  });
  const entries = await unzip(packed);
  const bag = { kind: 'package' as const, policy: OFFICE, files: [] };
  const put = (name: string, bytes: Uint8Array, claim: Partial<Claim> & Pick<Claim, 'exit' | 'catches'>) =>
    to.add(`packages/${name}.zip`, bytes, { ...bag, ...claim });
  /** Without the paper, which is most of a package, where it does not matter. */
  const rezippedWithoutPaper = (change: (files: Map<string, Uint8Array>) => void) =>
    rezipped((files) => {
      files.delete('data/certificate.pdf');
      change(files);
    });
  const rezipped = (change: (files: Map<string, Uint8Array>) => void) => {
    const copy = new Map(entries);
    change(copy);
    return zip(copy);
  };
  await put('good/package', packed, {
    exit: 0,
    decides: {
      'package.manifest': 'passed',
      'package.extra': 'passed',
      'pdf.matches': 'passed',
      rfc3161: 'passed',
      'file.sha256': 'passed',
    },
    catches: 'Certificate, paper, originals and proofs, complete and unchanged.',
  });
  await put('bad/extra-file', await rezipped((files) => files.set('data/more.txt', encodeUtf8('more'))), {
    exit: 1,
    decides: { 'package.extra': 'failed file-not-in-the-manifest' },
    catches: 'A file that no manifest lists.',
  });
  const original = 'data/originals/1-铁证.txt';
  await put('bad/original-changed', await rezipped((files) => files.set(original, encodeUtf8('铁证如山！\n'))), {
    exit: 1,
    decides: { 'package.manifest': 'failed file-changed' },
    catches: 'An original is another.',
  });
  await put('bad/original-missing', await rezippedWithoutPaper((files) => files.delete(original)), {
    exit: 1,
    decides: { 'package.manifest': 'failed listed-file-missing' },
    catches: 'A listed original is not there.',
  });
  await put('bad/paper-missing', await rezipped((files) => files.delete('data/certificate.pdf')), {
    exit: 1,
    decides: { 'pdf.matches': 'failed no-pdf-in-the-package' },
    catches: 'The certificate on paper is not there.',
  });
  await put(
    'bad/manifest-rewritten',
    await rezipped((files) => {
      files.set(original, encodeUtf8('另一份\n'));
      rewriteManifests(files);
    }),
    {
      exit: 1,
      decides: { 'package.manifest': 'failed manifest-changed-after-sealing' },
      catches: 'Original and manifests fit each other, but the manifests are not the sealed ones.',
    },
  );
  const strangersSeal = await new Sealer(keyOf(world.strangerSigner)).seal<PackageSeal>({
    ...(JSON.parse(Buffer.from(entries.get('manifest-seal.json') as Uint8Array).toString()) as PackageSeal),
    seals: [],
  });
  await put(
    'bad/sealed-by-a-stranger',
    await rezipped((files) => {
      files.set('manifest-seal.json', encode(strangersSeal));
      rewriteTagManifests(files);
    }),
    {
      exit: 1,
      decides: { 'package.manifest': 'failed sealed-by-another-key' },
      catches: 'The manifests are sealed by another key than the certificate.',
    },
  );
  await put(
    'bad/declaration-changed',
    await rezippedWithoutPaper((files) =>
      files.set('bagit.txt', encodeUtf8('BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n')),
    ),
    { exit: 1, decides: { 'package.manifest': 'failed not-a-bag' }, catches: 'Not a bag of BagIt 1.0.' },
  );
  await put(
    'bad/manifest-with-path-above',
    await rezippedWithoutPaper((files) => {
      files.set(
        'manifest-sha256.txt',
        Buffer.concat([
          files.get('manifest-sha256.txt') as Uint8Array,
          Buffer.from(`${'0'.repeat(64)}  data/../../etc/passwd\n`),
        ]),
      );
    }),
    { exit: 1, decides: { 'package.manifest': 'failed invalid-manifest' }, catches: 'A path that leaves the package.' },
  );
  await put(
    'bad/tag-file-not-listed',
    await rezippedWithoutPaper((files) => {
      for (const name of TAG_MANIFESTS)
        files.set(
          name,
          Buffer.from(
            Buffer.from(files.get(name) as Uint8Array)
              .toString()
              .replace(/^.*bag-info\.txt\n/m, ''),
          ),
        );
    }),
    {
      exit: 1,
      decides: { 'package.manifest': 'failed tag-file-not-listed' },
      catches: 'A tag file that its manifest does not list.',
    },
  );
}

async function zipBytes(
  world: VectorWorld,
  parts: {
    certificate: Certificate;
    json: Uint8Array;
    pdf: Uint8Array;
    material: { certificates: Uint8Array[]; revocation: Uint8Array[] };
  },
): Promise<Uint8Array> {
  const sink = new TransformStream<Uint8Array, Uint8Array>();
  const read = new Response(sink.readable as never).arrayBuffer();
  const [first] = FILES as [(typeof FILES)[0]];
  const digest = new Uint8Array(createHash('sha256').update(first.bytes).digest());
  await writePackage(
    {
      certificate: parts.certificate,
      certificateJson: parts.json,
      certificatePdf: parts.pdf,
      originals: FILES.slice(0, 2).map(({ name, bytes }, index) => ({
        index,
        name,
        sizeBytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        open: async () =>
          (async function* () {
            yield bytes;
          })(),
      })),
      fileProofs: [{ index: 0, bytes: fileProof(world, digest, spineOf(parts.certificate), ['bitcoin']) }],
      tokenMaterial: parts.material,
      verifier: encodeUtf8('<!doctype html><title>in a test vector there is no verifier</title>'),
      createdAtMs: Date.UTC(2026, 10, 22, 3, 30),
    },
    world.sealer,
    sink.writable,
  );
  return new Uint8Array(await read);
}

async function unzip(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const reader = new ZipReader(new BlobReader(new Blob([bytes as Uint8Array<ArrayBuffer>])));
  const files = new Map<string, Uint8Array>();
  for (const entry of await reader.getEntries()) {
    if (!entry.directory) files.set(entry.filename, await entry.getData(new Uint8ArrayWriter()));
  }
  return files;
}

async function zip(files: ReadonlyMap<string, Uint8Array>): Promise<Uint8Array> {
  const writer = new ZipWriter(new BlobWriter(), {
    level: 9,
    lastModDate: new Date(Date.UTC(2026, 10, 22, 3, 30)),
    extendedTimestamp: false,
  });
  for (const [path, bytes] of files) await writer.add(path, new Uint8ArrayReader(bytes));
  return new Uint8Array(await (await writer.close()).arrayBuffer());
}

const TAG_MANIFESTS = ['tagmanifest-sha256.txt', 'tagmanifest-sha512.txt'];

/** All manifests as they would be for the files as they are now; the seal stays. */
function rewriteManifests(files: Map<string, Uint8Array>): void {
  for (const algorithm of ['sha256', 'sha512']) relist(files, `manifest-${algorithm}.txt`, algorithm);
  rewriteTagManifests(files);
}

function rewriteTagManifests(files: Map<string, Uint8Array>): void {
  for (const algorithm of ['sha256', 'sha512']) relist(files, `tagmanifest-${algorithm}.txt`, algorithm);
}

function relist(files: Map<string, Uint8Array>, manifest: string, algorithm: string): void {
  const paths = Buffer.from(files.get(manifest) as Uint8Array)
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^[0-9a-f]+ {2}/, ''));
  const lines = paths.map(
    (path) =>
      `${createHash(algorithm)
        .update(files.get(path) as Uint8Array)
        .digest('hex')}  ${path}\n`,
  );
  files.set(manifest, Buffer.from(lines.join('')));
}
