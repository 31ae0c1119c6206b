import { expect } from 'chai';
import { homeTexts } from '../../src/web/home/home-texts.ts';
import { panelTexts, receiverKindTexts, scopeTexts } from '../../src/web/sharing/sharing-texts.ts';
import { kindTexts, texts } from '../../src/web/texts.ts';
import { addressOf, comeBack, type Dispute, expectVerified, signIn, signUp } from './dispute.ts';
import { Person } from './person.ts';

/** Signs up, hands in, waits for the certificate, and takes package and certificate home. */
export async function handInAndCertify(dispute: Dispute): Promise<void> {
  const { service, manner, files } = dispute;
  const person = await Person.arrive(service, 'holder', manner);
  const email = addressOf('holder', manner);
  await signUp(person, service, '北京某某文化有限公司', email);
  await signIn(person, email);
  await person.isAt(homeTexts.title, 'home');
  await person.press('link', homeTexts.handIn);
  await person.isAt(texts.handInTitle, 'hand-in');
  await person.chooseFiles(texts.chooseFiles, [files.photo, files.screenshot, files.contract, files.video]);
  await person.type(texts.fieldTitle, '某展会展位陈列的茶杯');
  await person.choose(texts.fieldKind, kindTexts.photo);
  await person.type(texts.fieldSource, '上海某展览中心 3 号馆 B12 展位');
  await person.type(texts.fieldPurpose, '证明该展位陈列的商品使用了涉案图案');
  await person.type(texts.fieldRightHolder, '北京某某文化有限公司');
  await person.looks('hand-in-filled');
  await person.press('button', texts.handIn);
  await person.isAt('某展会展位陈列的茶杯', 'deposit-received');
  dispute.depositId = new URL(person.page.url()).pathname.split('/').at(-1) as string;
  await person.part('link', texts.downloadPackage).waitFor();
  await person.looks('deposit-certified');
  dispute.certificate = await person.save('link', texts.downloadCertificatePdf);
  dispute.package = await person.save('link', texts.downloadPackage);
  await expectVerified(service, dispute.package);
  await expectVerified(service, dispute.certificate, files.photo, files.screenshot, files.contract, files.video);
}

/** Makes a link with a passphrase, and begins a hand-over to an office that has no account. */
export async function shareAndHandOver(dispute: Dispute): Promise<void> {
  const person = await comeBack(dispute, 'holder');
  await person.open(`/deposits/${dispute.depositId}`);
  await person.unfold(panelTexts.title);
  const links = person.part('form', panelTexts.newLink);
  await person.type(panelTexts.reader, '某市中级人民法院', links);
  await person.choose(panelTexts.scope, scopeTexts.export, links);
  await person.type(panelTexts.passphrase, dispute.passphrase, links);
  await person.press('button', panelTexts.newLink, links);
  const shown = person.page.getByLabel(person.words(panelTexts.theLink), { exact: true });
  await shown.waitFor();
  await person.looks('link-made');
  dispute.link = await shown.inputValue();
  const handOvers = person.part('form', panelTexts.newHandOver);
  await person.choose(panelTexts.receiverKind, receiverKindTexts.customs, handOvers);
  await person.type(panelTexts.receiver, '某海关 知识产权处', handOvers);
  await person.press('button', panelTexts.newHandOver, handOvers);
  const newest = person.page.locator('.shown-once input:not([value="' + dispute.link + '"])');
  await newest.waitFor();
  dispute.confirmation = await newest.inputValue();
  expect(dispute.confirmation).to.include('/hand-over#');
}
