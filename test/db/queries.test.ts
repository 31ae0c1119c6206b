import { expect } from 'chai';
import * as accounts from '../../src/db/accounts.ts';
import * as alarms from '../../src/db/alarms.ts';
import * as anchors from '../../src/db/anchors.ts';
import * as apiKeys from '../../src/db/api-keys.ts';
import * as certificates from '../../src/db/certificates.ts';
import * as deposits from '../../src/db/deposits.ts';
import * as leaves from '../../src/db/leaves.ts';
import { migrate } from '../../src/db/migrate.ts';
import * as objects from '../../src/db/objects.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import * as submissions from '../../src/db/submissions.ts';
import { useTestDatabase } from '../support/postgres.ts';

const bytes32 = (fill: number) => Buffer.alloc(32, fill);
const at = new Date('2026-11-22T03:04:05.678Z');
const later = new Date(at.getTime() + 1000);
const ACCOUNT = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a01';
const DEPOSIT = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a11';
const CHAIN = 'eip155:31337';
const CONTRACT = Buffer.alloc(20, 7);

describe('queries', () => {
  const databaseUrl = useTestDatabase();
  let db: Database;
  before(async () => {
    db = openDatabase({ url: databaseUrl(), maxConnections: 2 });
    await migrate(db);
    const account = {
      accountId: ACCOUNT,
      name: '张三',
      kind: 'person',
      identityMethod: 'none',
      identityCheckedAt: null,
    } as const;
    await accounts.insertAccount(db.pool, account);
    await leaves.insertLog(db.pool, { origin: 'o', record: Uint8Array.of(1), leafData: bytes32(0) });
  });
  after(() => db.close());

  it('an account is found by its key until that is revoked', async () => {
    const keyId = await apiKeys.insertApiKey(db.pool, { keyHash: bytes32(1), accountId: ACCOUNT, label: 'first' });
    expect((await apiKeys.selectAccountByApiKey(db.pool, bytes32(1), at))?.account).to.deep.equal(
      await accounts.selectAccount(db.pool, ACCOUNT),
    );
    expect(await apiKeys.updateApiKeyRevoked(db.pool, ACCOUNT, keyId, at)).to.equal(true);
    expect(await apiKeys.updateApiKeyRevoked(db.pool, ACCOUNT, keyId, at)).to.equal(false);
    expect(await apiKeys.selectAccountByApiKey(db.pool, bytes32(1), at)).to.equal(undefined);
    expect(await apiKeys.selectAccountByApiKey(db.pool, bytes32(2), at)).to.equal(undefined);
  });

  it('a sign-in token works once and not after its time', async () => {
    await accounts.insertSignInToken(db.pool, { tokenHash: bytes32(1), accountId: ACCOUNT, expiresAt: later });
    await accounts.insertSignInToken(db.pool, { tokenHash: bytes32(2), accountId: ACCOUNT, expiresAt: at });
    expect(await accounts.updateSignInTokenUsed(db.pool, bytes32(1), at)).to.equal(ACCOUNT);
    expect(await accounts.updateSignInTokenUsed(db.pool, bytes32(1), at)).to.equal(undefined);
    expect(await accounts.updateSignInTokenUsed(db.pool, bytes32(2), at)).to.equal(undefined);
  });

  it('a session ends at its time or when it is deleted', async () => {
    await accounts.insertSession(db.pool, { sessionHash: bytes32(1), accountId: ACCOUNT, expiresAt: later });
    expect((await accounts.selectAccountBySession(db.pool, bytes32(1), at))?.name).to.equal('张三');
    expect(await accounts.selectAccountBySession(db.pool, bytes32(1), later)).to.equal(undefined);
    await accounts.deleteExpiredSessions(db.pool, at);
    expect(await accounts.selectAccountBySession(db.pool, bytes32(1), at)).to.not.equal(undefined);
    await accounts.deleteSession(db.pool, bytes32(1));
    expect(await accounts.selectAccountBySession(db.pool, bytes32(1), at)).to.equal(undefined);
  });

  it('submissions get their indices in order, once', async () => {
    const ids = await submissions.insertSubmissions(db.pool, [bytes32(1), bytes32(2), bytes32(3)]);
    expect((await submissions.selectWaitingSubmissions(db.pool, 2)).map((s) => s.leafData)).to.deep.equal([
      bytes32(1),
      bytes32(2),
    ]);
    expect(await submissions.updateSubmissionsSequenced(db.pool, ids.slice(0, 2), 10n)).to.equal(2);
    expect(await submissions.updateSubmissionsSequenced(db.pool, ids.slice(0, 2), 20n)).to.equal(0);
    expect(await submissions.selectSequencedSubmissions(db.pool, ids)).to.have.deep.members([
      { submissionId: ids[0], leafIndex: 10n },
      { submissionId: ids[1], leafIndex: 11n },
    ]);
    expect((await submissions.selectSubmission(db.pool, ids[2]!))?.leafIndex).to.equal(null);
  });

  it('a waiting submission whose leaf is in the tree already takes that index, and only one does', async () => {
    const [first, twin, other] = await submissions.insertSubmissions(db.pool, [bytes32(40), bytes32(40), bytes32(41)]);
    await leaves.insertLeaves(db.pool, 1n, [bytes32(39), bytes32(40), bytes32(40)]);
    expect(await submissions.updateSubmissionsFoundInTree(db.pool, 1n)).to.equal(1);
    expect(await submissions.selectSequencedSubmissions(db.pool, [first!, twin!, other!])).to.deep.equal([
      { submissionId: first, leafIndex: 2n },
    ]);
  });

  it('a deposit with its record, annexes, files and objects is read as it was written', async () => {
    const submissionId = await submissions.insertSubmission(db.pool, bytes32(50));
    const deposit = {
      depositId: DEPOSIT,
      accountId: ACCOUNT,
      submissionId,
      receivedAt: at,
      idempotencyKey: 'k',
      requestDigest: bytes32(5),
    };
    await deposits.insertDeposit(db.pool, deposit);
    await deposits.insertRecord(db.pool, DEPOSIT, bytes32(6));
    await deposits.insertAnnexes(db.pool, DEPOSIT, [
      { name: 'statement', body: bytes32(7) },
      { name: 'depositor', body: bytes32(8) },
    ]);
    await deposits.insertFileEntries(db.pool, DEPOSIT, [
      { fileIndex: 1, body: bytes32(9), nameBody: bytes32(10) },
      { fileIndex: 0, body: bytes32(11), nameBody: bytes32(12) },
    ]);
    const row = { ...deposit, leafIndex: null };
    expect(await deposits.selectDeposit(db.pool, DEPOSIT)).to.deep.equal(row);
    expect(await deposits.selectDepositByIdempotencyKey(db.pool, ACCOUNT, 'k')).to.deep.equal(row);
    expect(await deposits.selectDepositByIdempotencyKey(db.pool, ACCOUNT, 'other')).to.equal(undefined);
    expect(await deposits.selectDepositsOfAccount(db.pool, ACCOUNT, 10)).to.deep.equal([row]);
    expect(await deposits.selectDepositsOfAccount(db.pool, ACCOUNT, 10, row)).to.deep.equal([]);
    expect(await deposits.selectRecord(db.pool, DEPOSIT)).to.deep.equal(bytes32(6));
    expect((await deposits.selectAnnexes(db.pool, DEPOSIT)).map((a) => a.name)).to.deep.equal([
      'depositor',
      'statement',
    ]);
    expect((await deposits.selectFileEntries(db.pool, DEPOSIT)).map((f) => f.nameBody)).to.deep.equal([
      bytes32(12),
      bytes32(10),
    ]);

    const key = {
      depositId: DEPOSIT,
      wrappedKey: bytes32(13),
      sizeBytes: 5n,
      mediaType: 'image/png',
      sha256: bytes32(14),
      sm3: bytes32(15),
    };
    const keys: objects.ObjectKey[] = [
      { ...key, fileIndex: 0, role: 'original', object: { kind: 'stored', name: 'deposit/x/0' } },
      { ...key, fileIndex: 1, role: 'original', object: { kind: 'inline', ciphertext: bytes32(16) } },
    ];
    await objects.insertObjectKeys(db.pool, keys);
    expect(await objects.selectObjectKey(db.pool, DEPOSIT, 0, 'original')).to.deep.equal(keys[0]);
    expect(await objects.selectObjectKey(db.pool, DEPOSIT, 1, 'original')).to.deep.equal(keys[1]);
    expect(await objects.selectObjectKey(db.pool, DEPOSIT, 1, 'preview')).to.equal(undefined);
    expect((await objects.selectObjectKeysOfDeposit(db.pool, DEPOSIT)).map((k) => k.object)).to.deep.equal([
      keys[0]!.object,
      { kind: 'inline', ciphertext: Buffer.alloc(0) },
    ]);
    expect(await objects.selectReferencedObjectNames(db.pool, ['deposit/x/0', 'deposit/y/0'])).to.deep.equal(
      new Set(['deposit/x/0']),
    );
  });

  it('an anchor goes from intended to final, one at a time, and then its deposits can be certified', async () => {
    const submissionId = (await deposits.selectDeposit(db.pool, DEPOSIT))!.submissionId;
    await submissions.updateSubmissionsSequenced(db.pool, [submissionId], 1n);
    const term = await leaves.updateLogLeader(db.pool, ACCOUNT, 1000, false);
    expect(await leaves.insertPublication(db.pool, term!, 0), 'no checkpoint yet').to.equal(undefined);
    await leaves.insertCheckpoint(db.pool, { treeSize: 2n, rootHash: bytes32(20), note: bytes32(21) });
    expect(await leaves.insertPublication(db.pool, { ...term!, epoch: 0n }, 0), 'an older term').to.equal(undefined);
    expect(await leaves.insertPublication(db.pool, term!, 0)).to.equal(2n);
    expect(await leaves.insertPublication(db.pool, term!, 0), 'published already').to.equal(undefined);
    expect((await leaves.selectPublicationCovering(db.pool, 1n))?.treeSize).to.equal(2n);
    expect(await leaves.selectPublicationCovering(db.pool, 3n)).to.equal(undefined);

    const intent = { chain: CHAIN, contract: CONTRACT, treeSize: 2n, rootHash: bytes32(20), at };
    const anchorId = await anchors.insertAnchor(db.pool, intent);
    expect((await anchors.selectAnchorInFlight(db.pool, CHAIN, CONTRACT))?.anchorId).to.equal(anchorId);
    await anchors.insertAnchorTransaction(db.pool, {
      transactionHash: bytes32(30),
      anchorId,
      nonce: 0n,
      raw: bytes32(31),
      signedAt: at,
    });
    await anchors.insertAnchorEvent(db.pool, anchorId, { at, state: 'sent', detail: 'first try' });
    const final = {
      state: 'final',
      at,
      blockHash: bytes32(32),
      transactionHash: bytes32(30),
      attestation: bytes32(33),
    } as const;
    expect(await anchors.updateAnchorState(db.pool, anchorId, 'mined', final)).to.equal(false);
    expect(await certificates.selectUncertifiedDeposits(db.pool, 10)).to.deep.equal([]);
    expect((await anchors.selectAnchorsCovering(db.pool, 1n)).map((a) => a.state)).to.deep.equal(['intended']);
    expect(await anchors.updateAnchorState(db.pool, anchorId, 'intended', final)).to.equal(true);
    expect(await anchors.selectAnchorInFlight(db.pool, CHAIN, CONTRACT)).to.equal(undefined);
    expect((await anchors.selectAnchor(db.pool, anchorId))?.attestation).to.deep.equal(bytes32(33));
    expect((await anchors.selectNewestAnchor(db.pool, CHAIN, CONTRACT))?.anchorId).to.equal(anchorId);
    expect((await anchors.selectNewestFinalAnchor(db.pool, CHAIN, CONTRACT))?.anchorId).to.equal(anchorId);
    expect((await anchors.selectFinalAnchorsCovering(db.pool, 1n)).map((a) => a.anchorId)).to.deep.equal([anchorId]);
    expect(await anchors.selectFinalAnchorsCovering(db.pool, 2n)).to.deep.equal([]);
    expect((await anchors.selectAnchorTransactions(db.pool, anchorId)).map((t) => t.nonce)).to.deep.equal([0n]);
    expect(await anchors.selectAnchorEvents(db.pool, anchorId)).to.deep.equal([
      { at, state: 'sent', detail: 'first try' },
    ]);

    expect(await certificates.selectUncertifiedDeposits(db.pool, 10)).to.deep.equal([
      { depositId: DEPOSIT, leafIndex: 1n },
    ]);
    const certificate = {
      certificateNo: 'TZ-1',
      depositId: DEPOSIT,
      digest: bytes32(40),
      issuedAt: at,
      json: bytes32(41),
      pdf: bytes32(42),
    };
    await certificates.insertCertificate(db.pool, certificate);
    const { json, pdf, ...named } = certificate;
    const row = { ...named, bytes: { json, pdf } };
    expect(await certificates.selectCertificate(db.pool, 'TZ-1')).to.deep.equal(row);
    expect(await certificates.selectCertificateOfDeposit(db.pool, DEPOSIT)).to.deep.equal(row);
    expect(await certificates.selectUncertifiedDeposits(db.pool, 10)).to.deep.equal([]);
  });

  it('the newest block of a chain is the one with the highest number', async () => {
    const block = (n: number) => ({
      chain: CHAIN,
      blockHash: bytes32(n),
      blockNumber: BigInt(n),
      blockTime: at,
      header: null,
      seenFinalAt: at,
    });
    for (const n of [5, 9, 7, 9]) await anchors.insertBlockHeader(db.pool, block(n));
    expect(await anchors.selectNewestBlockHeader(db.pool, CHAIN)).to.deep.equal(block(9));
    expect(await anchors.selectBlockHeader(db.pool, CHAIN, bytes32(7))).to.deep.equal(block(7));
    expect(await anchors.selectNewestBlockHeader(db.pool, 'eip155:1')).to.equal(undefined);
  });

  it('one alarm of a code is open at a time', async () => {
    await alarms.raiseAlarm(db.pool, 'register-forked', 'first', at);
    await alarms.raiseAlarm(db.pool, 'register-forked', 'second', later);
    expect((await alarms.selectOpenAlarms(db.pool)).map((a) => a.detail)).to.deep.equal(['second']);
    expect(await alarms.clearAlarm(db.pool, 'register-forked', later)).to.equal(true);
    expect(await alarms.clearAlarm(db.pool, 'register-forked', later)).to.equal(false);
    await alarms.raiseAlarm(db.pool, 'register-forked', 'third', later);
    expect((await alarms.selectAlarms(db.pool, 10)).map((a) => a.clearedAt)).to.deep.equal([null, later]);
  });

  it('one alarm of a code is open for each subject, and an alarm about one does not end that about another', async () => {
    const code = 'anchor-refused';
    await alarms.raiseAlarm(db.pool, code, 'a', at, 'chain A');
    await alarms.raiseAlarm(db.pool, code, 'b', at, 'chain B');
    expect(await alarms.clearAlarm(db.pool, code, later)).to.equal(false);
    expect(await alarms.clearAlarm(db.pool, code, later, 'chain A')).to.equal(true);
    const open = (await alarms.selectOpenAlarms(db.pool)).filter((a) => a.code === code);
    expect(open.map((a) => [a.subject, a.detail])).to.deep.equal([['chain B', 'b']]);
    await alarms.raiseAlarm(db.pool, code, 'again', later, 'chain A');
    const ofA = await alarms.selectAlarmsAbout(db.pool, 'chain A', [code]);
    expect(ofA.map((a) => [a.detail, a.clearedAt])).to.deep.equal([
      ['again', null],
      ['a', later],
    ]);
  });

  it('an anchor that was overtaken lets the next begin and counts for nothing', async () => {
    const term = await leaves.updateLogLeader(db.pool, ACCOUNT, 1000, true);
    for (const size of [7n, 8n]) {
      await leaves.insertCheckpoint(db.pool, { treeSize: size, rootHash: bytes32(60), note: bytes32(61) });
      await leaves.insertPublication(db.pool, term!, 0);
    }
    const intent = { chain: 'eip155:7', contract: CONTRACT, rootHash: bytes32(60), at };
    const overtaken = await anchors.insertAnchor(db.pool, { ...intent, treeSize: 7n });
    await anchors.insertAnchorEvent(db.pool, overtaken, { at: later, state: 'intended', detail: '' });
    const nothing = { at, blockHash: null, transactionHash: null, attestation: null };
    await anchors.updateAnchorState(db.pool, overtaken, 'intended', { ...nothing, state: 'superseded' });
    expect(await anchors.selectAnchorInFlight(db.pool, 'eip155:7', CONTRACT)).to.equal(undefined);
    expect((await anchors.selectAnchorsCovering(db.pool, 6n)).filter((a) => a.chain === 'eip155:7')).to.deep.equal([]);
    expect(await anchors.selectLastIntentTime(db.pool, 'eip155:7', CONTRACT)).to.deep.equal(later);
    expect(await anchors.selectLastIntentTime(db.pool, 'eip155:8', CONTRACT)).to.equal(undefined);
    await anchors.insertAnchor(db.pool, { ...intent, treeSize: 8n });
  });
});
