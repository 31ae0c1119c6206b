import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Role } from '../../src/access/rules.ts';
import { parseHandOver } from '../../src/format/custody.ts';
import { matterTexts } from '../../src/web/matter/matter-texts.ts';
import { handOverTexts, panelTexts, sharedTexts } from '../../src/web/sharing/sharing-texts.ts';
import { type Text, texts } from '../../src/web/texts.ts';
import { readerTexts } from '../../src/web/verify/reader-texts.ts';
import { ABOUT, arriveSignedIn, CAST, type Dispute, expectRefused, expectVerified, PASSPHRASE } from './dispute.ts';
import { literal, Person } from './person.ts';

/** Takes what was granted to his address, and opens the matter. */
async function openGrantedMatter(dispute: Dispute, name: string, called: Text, role: Role): Promise<Person> {
  const person = await arriveSignedIn(dispute, name, called, [role]);
  await person.goTo(matterTexts.navReceived);
  await person.isAt(matterTexts.receivedTitle);
  await person.press('button', matterTexts.takeInvitations);
  await person.press('link', person.startingWith(matterTexts.openMatterLink));
  await person.part('heading', ABOUT.matter).waitFor();
  await person.sees(CAST.respondent);
  return person;
}

async function openItem(person: Person): Promise<void> {
  await person.press('link', new RegExp(literal(person.said(ABOUT.capture))));
  await person.part('heading', ABOUT.capture).waitFor();
}

/** Takes the package, and reads it on a page that sends nothing anywhere and prints on two sheets. */
export async function judgeReads(dispute: Dispute): Promise<void> {
  const { service } = dispute;
  const person = await openGrantedMatter(dispute, 'judge', CAST.judge, 'reader');
  await person.looks('matter');
  await person.goTo(matterTexts.navReceived);
  await person.isAt(matterTexts.receivedTitle);
  await person.part('link', person.startingWith(matterTexts.openMatterLink)).waitFor();
  await person.looks('received');
  await person.press('link', person.startingWith(matterTexts.openMatterLink));
  await openItem(person);
  const taken = await person.save('link', texts.downloadPackage);
  await person.looks('deposit');
  expect(await person.page.getByText(person.words(panelTexts.title)).count(), 'a way to show it on').to.equal(0);
  await expectVerified(service, taken);
  await person.goTo(readerTexts.navRead);
  await person.part('heading', readerTexts.title).waitFor();
  const requests: string[] = [];
  person.page.on('request', (request) => requests.push(request.url()));
  await readsOnOnePage(person, [taken, service.policyFile]);
  await person.looks('sheet');
  const outside = requests.filter((url) => !url.startsWith('blob:') && !url.includes('/assets/'));
  expect(outside, 'requests while verifying').to.deep.equal([]);
  const pdf = await person.page.pdf({ format: 'A4', preferCSSPageSize: true });
  expect([...pdf.toString('latin1').matchAll(/\/Type\s*\/Page[^s]/g)], 'sheets of A4').to.have.length.at.most(2);
}

/** Drops all of it on the first place, which knows a policy by itself. */
async function readsOnOnePage(person: Person, paths: readonly string[]): Promise<void> {
  await person.chooseFiles(texts.chooseFiles, paths, person.part('group', texts.verifySubject));
  await person.press('button', texts.verifyStart);
  await person.part('heading', readerTexts.sheetTitle).waitFor();
}

/** Sees what is disclosed, and takes no originals away: concessions must not flow into later files. */
export async function mediatorSees(dispute: Dispute): Promise<void> {
  const person = await openGrantedMatter(dispute, 'mediator', CAST.mediator, 'mediator');
  await openItem(person);
  await person.part('link', texts.downloadCertificatePdf).waitFor();
  await expectRefused(person, `/deposits/${dispute.captureId}/files/0`, 403);
  await expectRefused(person, `/deposits/${dispute.captureId}/package.zip`, 403);
}

/** Looks at the pictures, and cannot take the originals. */
export async function platformReviewerSees(dispute: Dispute): Promise<void> {
  const person = await openGrantedMatter(dispute, 'reviewer', CAST.reviewer, 'platform-reviewer');
  await openItem(person);
  await person.page.locator('main img').first().waitFor();
  await person.looks('deposit');
  await expectRefused(person, `/deposits/${dispute.captureId}/files/0`, 403);
}

/** Takes the package, and confirms what was handed over by the link that he was given, for a sealed receipt. */
export async function officerReceives(dispute: Dispute): Promise<void> {
  const { service } = dispute;
  const person = await openGrantedMatter(dispute, 'officer', CAST.officer, 'officer');
  await openItem(person);
  await expectVerified(service, await person.save('link', texts.downloadPackage));
  await person.open(dispute.confirmation);
  await person.isAt(handOverTexts.title, 'hand-over');
  await person.sees(new RegExp(literal(person.said(handOverTexts.items))));
  await person.type(handOverTexts.name, person.said(CAST.officer));
  await person.press('button', handOverTexts.confirm);
  const receipt = await person.save('button', handOverTexts.saveReceipt);
  await person.looks('confirmed');
  const { statement, confirmation, seals } = parseHandOver(await readFile(receipt));
  expect(statement.depositId).to.equal(dispute.captureId);
  expect(confirmation?.name).to.equal(person.said(CAST.officer));
  expect(seals).to.have.length.at.least(1);
}

/** Opens the link, checks the certificate without an account, and gets no further. */
export async function opponentChecks(dispute: Dispute): Promise<void> {
  const { service, manner, link, files } = dispute;
  const person = await Person.arrive(service, 'opponent', manner);
  await person.open(link);
  await person.isAt(sharedTexts.title, 'link');
  await person.type(sharedTexts.passphrase, 'not the passphrase');
  await person.press('button', sharedTexts.open);
  await person.sees(sharedTexts.refused);
  await person.type(sharedTexts.passphrase, PASSPHRASE);
  await person.press('button', sharedTexts.open);
  const certificate = await person.save('link', texts.downloadCertificatePdf);
  await person.looks('visit');
  expect(await person.part('link', texts.downloadPackage).count(), 'packages').to.equal(0);
  await expectVerified(service, certificate, files.screenshot, files.video);
  await person.open('/');
  await person.goTo(readerTexts.navRead);
  await person.part('heading', readerTexts.title).waitFor();
  await readsOnOnePage(person, [certificate, service.policyFile, files.screenshot]);
  await person.sees(new RegExp(literal(person.said(readerTexts.presentedSame))));
  await person.open(`/deposits/${dispute.captureId}`);
  await person.sees(texts.signInTitle);
}
