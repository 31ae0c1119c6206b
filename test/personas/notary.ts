import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { accountTexts } from '../../src/web/account/account-texts.ts';
import {
  bulkTexts,
  deskTexts,
  outcomeTexts,
  policyTexts,
  requestStateTexts,
  statementTexts,
  stepKindTexts,
} from '../../src/web/notary/notary-texts.ts';
import { type Text, texts } from '../../src/web/texts.ts';
import { ABOUT, arriveSignedIn, CAST, comeBack, type Dispute, expectVerified } from './dispute.ts';
import { literal } from './person.ts';

/** The office's account, before the operator of the service makes it a notary's. */
export async function openOffice(dispute: Dispute): Promise<void> {
  const person = await arriveSignedIn(dispute, 'notary', CAST.notary);
  await person.open('/account/organisations');
  await person.type(accountTexts.organisationName, person.said(CAST.office));
  await person.press('button', accountTexts.create);
  await person.part('link', CAST.office).waitFor();
}

/** Verifies what was asked, writes down what she did, and enters the deed; refuses what is not a notary's to find. */
export async function notaryDecides(dispute: Dispute): Promise<void> {
  const { service, manner } = dispute;
  const person = await comeBack(dispute, 'notary');
  await person.goTo(deskTexts.nav);
  await person.isAt(deskTexts.pageTitle, 'desk');
  await person.press('link', ABOUT.deedAsked);
  await person.part('heading', ABOUT.deedAsked).waitFor();
  await person.chooseFiles(policyTexts.choose, [service.policyFile]);
  await person.sees(policyTexts.digest);
  await person.press('button', `${person.said(deskTexts.openDeposit)} ${person.said(deskTexts.deposit)} 1`);
  await person.press('button', deskTexts.verifyPackage);
  await person.press('button', deskTexts.recordResult);
  await person.sees(deskTexts.recorded);
  const form = person.part('form', deskTexts.addStep);
  await person.choose(deskTexts.stepKind, stepKindTexts['chain-read'] as Text, form);
  await person.choose(deskTexts.stepOutcome, outcomeTexts.consistent, form);
  await person.type(deskTexts.stepRemark, person.said({ zh: '用本处节点查询', en: 'Asked a node of our own' }), form);
  await person.press('button', deskTexts.addStep, form);
  await person.page.locator('[data-step="chain-read"]').waitFor();
  await person.looks('request-verified');
  const stating = person.part('form', statementTexts.title);
  await person.type(statementTexts.capacity, person.said({ zh: '公证员', en: 'notary' }), stating);
  const report = await person.save('button', statementTexts.make, stating);
  await person.sees(new RegExp(literal(person.said(statementTexts.made))));
  // Signed, whole and by a key that the reader's policy names.
  await expectVerified(service, report);
  await person.press('button', deskTexts.accept);
  await person.press('button', deskTexts.issue);
  const deed = join(service.folder, `公证书-${manner.locale}.pdf`);
  const bytes = randomBytes(2000);
  await writeFile(deed, bytes);
  const issuing = person.part('form', deskTexts.issue);
  await person.type(deskTexts.deedNo, '（2026）某长安证字第 12345 号', issuing);
  await person.chooseFiles(
    { zh: `选择${deskTexts.deedFile.zh}`, en: `Choose the ${deskTexts.deedFile.en.toLowerCase()}` },
    [deed],
    issuing,
  );
  const digest = createHash('sha256').update(bytes).digest('hex');
  await issuing.locator('.digest').filter({ hasText: digest }).waitFor();
  await person.press('button', deskTexts.issueNow, issuing);
  await person.sees(requestStateTexts['deed-issued']);
  await person.looks('deed-entered');

  await person.press('link', deskTexts.back);
  await person.press('link', ABOUT.findingAsked);
  await person.part('heading', ABOUT.findingAsked).waitFor();
  await person.press('button', deskTexts.refuse);
  const refusing = person.part('form', deskTexts.refuse);
  const reason = { zh: '是否侵权由法院认定，不属于公证事项。', en: 'Whether it infringes is for a court to find.' };
  await person.type(deskTexts.reasonField, person.said(reason), refusing);
  await person.press('button', deskTexts.refuse, refusing);
  await person.sees(deskTexts.notOpen);
  await person.looks('refused');
}

/** Many things at once, one of them altered on its way. */
export async function notaryVerifiesInBulk(dispute: Dispute): Promise<void> {
  const { service, manner } = dispute;
  const person = await comeBack(dispute, 'notary');
  await person.goTo(deskTexts.nav);
  await person.press('link', deskTexts.bulk);
  await person.isAt(bulkTexts.pageTitle, 'bulk');
  await person.chooseFiles(policyTexts.choose, [service.policyFile]);
  await person.sees(policyTexts.digest);
  const altered = join(service.folder, `altered-${manner.locale}.zip`);
  const bytes = await readFile(dispute.package);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 1;
  await writeFile(altered, bytes);
  await person.chooseFiles(texts.chooseFiles, [dispute.package, altered]);
  await person.sees(new RegExp(person.said(bulkTexts.done)));
  await person.looks('bulk-done');
  const good = person.page.locator('.bulk-table tr').filter({ hasNotText: 'altered' });
  expect(await good.locator('[data-failed]').count(), 'failed checks of the good one').to.equal(0);
  const bad = person.page.locator('.bulk-table tr').filter({ hasText: 'altered' });
  expect(await bad.locator('[data-failed], code').count(), 'faults of the altered one').to.be.at.least(1);
  const table = await readFile(await person.save('button', bulkTexts.exportCsv), 'utf8');
  expect(table).to.include('TZ-');
}
