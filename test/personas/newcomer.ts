import { expect } from 'chai';
import { handInTexts } from '../../src/web/hand-in/hand-in-texts.ts';
import { homeTexts } from '../../src/web/home/home-texts.ts';
import { texts } from '../../src/web/texts.ts';
import { type Dispute, expectVerified } from './dispute.ts';
import { Person } from './person.ts';

const MOST_CLICKS = 9;

/** Comes by the link that `npm start` prints, has never seen the product, and does no more than the page asks for. */
export async function reachCertificate({ service, manner, files }: Dispute): Promise<void> {
  const person = await Person.arrive(service, 'newcomer', manner);
  await person.open(await service.evaluationLink());
  await person.isAt(homeTexts.title, 'home');
  await person.press('link', homeTexts.handIn);
  await person.chooseFiles(texts.chooseFiles, [files.photo]);
  await person.press('button', handInTexts.next);
  await person.press('button', handInTexts.next);
  await person.press('button', texts.handIn);
  const certificate = await person.save('link', texts.downloadCertificatePdf);
  await person.looks('certificate');
  expect(person.clicks, 'clicks').to.be.at.most(MOST_CLICKS);
  await expectVerified(service, certificate, files.photo);
}
