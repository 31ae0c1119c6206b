import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import { expect } from 'chai';
import { renderVerificationReportPdf } from '../../src/certificate/verification-report/report-pdf.ts';
import { updateAccountRoles } from '../../src/db/accounts.ts';
import { insertCertificate } from '../../src/db/certificates.ts';
import { encodeHex, parseHex, sha256 } from '../../src/format/bytes.ts';
import type { Report } from '../../src/format/report.ts';
import {
  MAX_REPORT_ITEMS,
  parseVerificationReport,
  type VerificationReport,
} from '../../src/format/verification-report.ts';
import { signedPdfInspector } from '../../src/verify/inspect/signed-pdf.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { digestOf, verifyCertificate } from '../../src/verify/verify.ts';
import { drawnBy, overlaps } from '../certificate/drawn-text.ts';
import { openDisputes, type Party } from '../matters/dispute-world.ts';
import { type EvidenceWorld, encodeObject, makeWorld } from '../support/evidence-world.ts';

const run = promisify(execFile);
/** Set to a folder, each PDF is written there, for people to look at. */
const PICTURES = process.env.PAGE_PICTURES;
const TOOL = { name: 'tiezheng', version: '0.1.0', sha256: null };

describe('POST /api/v1/verification-reports', function () {
  this.timeout(120_000);
  let world: Party['world'];
  let holder: Party;
  let office: Party;
  let cookie: string;
  let depositId: string;
  let requestId: string;
  /** A certificate of the service's own, and one that it has never seen. */
  let held: EvidenceWorld;
  let strange: EvidenceWorld;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiezheng-report-'));
    const disputes = await openDisputes({ people: {} });
    world = disputes.world;
    holder = await disputes.party('权利人甲');
    office = await disputes.party('北京市某公证处', 'notary');
    const token = await world.authentication.createSignInToken(office.accountId, 60_000);
    cookie = `tiezheng-session=${(await world.authentication.signIn(token)).session}`;
    depositId = await holder.deposit('page');
    const body = { officeAccountId: office.accountId, depositIds: [depositId], subject: '网页保全核验' };
    ({ requestId } = await holder.get<{ requestId: string }>('POST', '/requests', body, 201));
    held = await makeWorld({ depositId });
    strange = await makeWorld({
      certificateNo: 'TZ-20261122-STRANGE2',
      depositId: '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a99',
    });
    await insertCertificate(world.db.pool, {
      certificateNo: held.certificate.claims.certificateNo,
      depositId,
      digest: parseHex(digestOf(held.certificate)),
      issuedAt: new Date(held.certificate.claims.issuedAt),
      json: encodeObject(held.certificate),
      pdf: new Uint8Array(1),
    });
  });
  after(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  const reportOf = async (from: EvidenceWorld, policy = from.policy): Promise<Report> => {
    const trust = openTrust(encodeObject(policy), [], undefined);
    return verifyCertificate(encodeObject(from.certificate), [], trust);
  };
  const order = async (more: object = {}) => ({
    requestId,
    signatory: { name: '张公证', capacity: '公证员' },
    remark: '当事人在场。',
    tool: TOOL,
    policy: held.policy,
    policyName: '本处策略.json',
    items: [{ fileName: '证书.json', report: await reportOf(held) }],
    ...more,
  });
  const ask = (body: unknown, headers: Record<string, string> = { cookie }) =>
    fetch(`${world.url}/api/v1/verification-reports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers },
      body: JSON.stringify(body),
    });
  const codeOf = async (answer: Response) => `${answer.status} ${((await answer.json()) as { code: string }).code}`;
  const made = async (body: unknown): Promise<{ pdf: Uint8Array; report: VerificationReport; json: Uint8Array }> => {
    const answer = await ask(body);
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    expect(answer.headers.get('content-type')).to.equal('application/pdf');
    const pdf = new Uint8Array(await answer.arrayBuffer());
    const json = attachedTo(pdf);
    return { pdf, json, report: parseVerificationReport(json) };
  };
  /** The one embedded file. */
  const attachedTo = (pdf: Uint8Array): Uint8Array => {
    const text = Buffer.from(pdf).toString('latin1');
    const start = text.indexOf('stream', text.indexOf('/Type /EmbeddedFile')) + 'stream'.length;
    return new Uint8Array(inflateSync(pdf.subarray(text[start] === '\r' ? start + 2 : start + 1)));
  };

  it('gives a signed PDF that says who verified what, and what the service found itself', async () => {
    const { pdf, report, json } = await made(await order());
    expect(report.signatory).to.deep.include({ name: '张公证', capacity: '公证员', user: null });
    expect(report.signatory.office).to.deep.include({
      name: '北京市某公证处',
      identityCheck: { method: 'none', checkedAt: null, checkedBy: null },
    });
    expect(report.policy).to.deep.equal({
      sha256: encodeHex(sha256(encodeObject(held.policy))),
      name: '本处策略.json',
    });
    expect(report.seals).to.have.length(1);
    const { byService } = report.items[0] as VerificationReport['items'][number];
    expect(byService).to.include({ state: 'verified' });
    expect(byService.state === 'verified' && byService.differs).to.deep.equal([]);

    const inspected = await signedPdfInspector.inspect(pdf, [], openTrust(undefined, [], undefined));
    const outcomes = new Map(inspected.checks.map(({ name, status }) => [name, status]));
    expect(outcomes.get('pdf.coverage')).to.equal('passed');
    expect(outcomes.get('pdf.integrity')).to.equal('passed');
    expect(outcomes.get('pdf.changes')).to.equal('passed');

    const drawn = await drawnBy(() => renderVerificationReportPdf(json));
    const text = drawn.map((each) => each.text).join('');
    for (const words of ['张公证', '公证员', '北京市某公证处', '未核验 not checked', '本处策略.json', '当事人在场。']) {
      expect(text).to.include(words);
    }
    expect(text).to.include('自 T2 起').and.include('T2 之前').and.include('不为其核验结果担保');
    expect(overlaps(drawn)).to.deep.equal([]);
    // The limits of the verifier itself say what a verification does not show, in these very words.
    const [said = ''] = drawn
      .map((each) => each.text)
      .join(' ')
      .split('二、证明范围与局限');
    expect(said).not.to.match(/\btrue\b|\bauthor\b|infring|will be accepted/i);
    if (PICTURES !== undefined) {
      await mkdir(PICTURES, { recursive: true });
      await writeFile(join(PICTURES, 'verification-report.pdf'), pdf);
    }
  });

  it('is recorded in the custody of what is held here, and among the steps of the request', async () => {
    const before = (await holder.custody(depositId)).length;
    const { report, pdf } = await made(await order());
    const after = await holder.custody(depositId);
    expect(after.slice(before)).to.include('verified');
    const { steps } = await holder.get<{ steps: { kind: string; remark: string }[] }>(
      'GET',
      `/requests/${requestId}/steps`,
    );
    expect(steps.at(-1)).to.deep.include({
      kind: 'other',
      remark: `核验报告 verification report ${report.reportNo}, SHA-256 ${encodeHex(sha256(pdf))}`,
    });
  });

  it('says of what it does not hold that this is the signatory’s statement alone', async () => {
    const policy = { ...held.policy, seals: [...held.policy.seals, ...strange.policy.seals] };
    const items = [
      { fileName: null, report: await reportOf(strange, policy) },
      { fileName: '=HYPERLINK("x") \u202eexe.json', report: await reportOf(held, policy) },
    ];
    const { report, json } = await made(await order({ requestId: null, policy, items }));
    expect(report.items.map(({ byService }) => byService.state)).to.deep.equal(['not-verified', 'verified']);
    const text = (await drawnBy(() => renderVerificationReportPdf(json))).map((each) => each.text).join('');
    expect(text).to.include('上列结果仅为签署人陈述').and.include('[U+202E]');
  });

  it('tells of a deposit that was not granted as much as of one that never was', async () => {
    const secret = await holder.deposit('not granted');
    const theirs = await makeWorld({ sameOperatorAs: held, depositId: secret, certificateNo: 'TZ-20261122-SECRET22' });
    await insertCertificate(world.db.pool, {
      certificateNo: theirs.certificate.claims.certificateNo,
      depositId: secret,
      digest: parseHex(digestOf(theirs.certificate)),
      issuedAt: new Date(theirs.certificate.claims.issuedAt),
      json: encodeObject(theirs.certificate),
      pdf: new Uint8Array(1),
    });
    const items = [{ fileName: null, report: await reportOf(theirs, held.policy) }];
    const { report } = await made(await order({ items }));
    expect(report.items[0]?.byService).to.deep.equal({ state: 'not-verified', because: 'not-held' });
    expect(await holder.custody(secret)).not.to.include('verified');
  });

  it('does not verify under a policy that it was not given, and finds out one that was tampered with', async () => {
    const alone = await made(await order({ policy: null }));
    expect(alone.report.items[0]?.byService).to.deep.equal({ state: 'not-verified', because: 'policy-not-given' });
    expect(await codeOf(await ask(await order({ policy: { ...held.policy, blocks: [] } })))).to.equal(
      '422 report-invalid',
    );
    const failing = await reportOf(held);
    const changed = {
      ...failing,
      since: failing.since.map((check) =>
        check.name === 'seal'
          ? { name: check.name, about: check.about, facts: {}, status: 'failed', reason: 'x' }
          : check,
      ),
    };
    expect(
      await codeOf(
        await ask(
          await order({
            items: [{ fileName: null, report: { ...changed, conclusion: 'required-passed', unmet: [] } }],
          }),
        ),
      ),
    ).to.equal('422 report-invalid');
    // Said otherwise than the service finds: printed beside each other.
    const { report } = await made(
      await order({ items: [{ fileName: null, report: { ...changed, conclusion: 'failed' } }] }),
    );
    const found = report.items[0]?.byService;
    expect(found?.state === 'verified' && found.differs.some((name) => name.startsWith('seal'))).to.equal(true);
  });

  it(`takes ${MAX_REPORT_ITEMS} things and tells the limit to more`, async () => {
    const report = await reportOf(held);
    const items = (count: number) => Array.from({ length: count }, (_, i) => ({ fileName: `${i}.json`, report }));
    const full = await made(await order({ items: items(MAX_REPORT_ITEMS) }));
    expect(full.report.items).to.have.length(MAX_REPORT_ITEMS);
    if (PICTURES !== undefined) await writeFile(join(PICTURES, 'verification-report-200.pdf'), full.pdf);
    const refused = await ask(await order({ items: items(MAX_REPORT_ITEMS + 1) }));
    const problem = (await refused.json()) as { code: string; detail: string };
    expect(problem.code).to.equal('report-too-many-items');
    expect(problem.detail).to.include('201').and.include('200');
  });

  it('is for persons of offices alone', async () => {
    expect(await codeOf(await ask(await order(), { authorization: `Bearer ${office.apiKey}` }))).to.equal(
      '403 forbidden',
    );
    const token = await world.authentication.createSignInToken(holder.accountId, 60_000);
    const { session } = await world.authentication.signIn(token);
    expect(await codeOf(await ask(await order(), { cookie: `tiezheng-session=${session}` }))).to.equal('403 forbidden');
    await updateAccountRoles(world.db.pool, holder.accountId, ['mediator']);
    try {
      expect(await codeOf(await ask(await order(), { cookie: `tiezheng-session=${session}` }))).to.equal(
        '404 request-not-found',
      );
    } finally {
      await updateAccountRoles(world.db.pool, holder.accountId, ['holder']);
    }
  });

  it('holds before tools that know nothing of it, where they are there', async function () {
    const tools = ['/usr/bin/qpdf', '/usr/bin/pdfsig', '/usr/bin/pdfdetach'].filter((tool) => existsSync(tool));
    if (tools.length < 3) this.skip();
    const { pdf, json } = await made(await order());
    const file = join(folder, 'report.pdf');
    await writeFile(file, pdf);
    await run('qpdf', ['--check', file]);
    const { stdout } = await run('pdfsig', ['-nocert', file]);
    expect(stdout).to.include('Signature is Valid').and.include('Total document signed');
    await run('pdfdetach', ['-save', '1', '-o', join(folder, 'out.json'), file]);
    expect(Buffer.compare(await readFile(join(folder, 'out.json')), json)).to.equal(0);
  });
});
