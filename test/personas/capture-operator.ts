import { expect } from 'chai';
import { homeTexts } from '../../src/web/home/home-texts.ts';
import { matterTexts } from '../../src/web/matter/matter-texts.ts';
import { panelTexts } from '../../src/web/sharing/sharing-texts.ts';
import { signInTexts } from '../../src/web/sign-in/sign-in-texts.ts';
import { kindTexts, texts } from '../../src/web/texts.ts';
import { ABOUT, addressOf, CAST, type Dispute, signIn, signUp } from './dispute.ts';
import { handIn } from './hand-in.ts';
import { Person } from './person.ts';
import { linkIn } from './persona-service.ts';

/** Follows the invitation, and hands in for the firm; what he handed in is not his to show. */
export async function captureForOrganisation(dispute: Dispute): Promise<void> {
  const { service, manner, files } = dispute;
  const person = await Person.arrive(service, 'capturer', manner);
  const email = addressOf('capturer', manner);
  await person.open(linkIn(await service.mailTo(email, /\/invitations\//)));
  await person.isAt(signInTexts.invitationTitle, 'invitation');
  await person.press('link', signInTexts.signUpInstead);
  await signUp(person, service, CAST.capturer, email);
  await signIn(person, email);
  await person.press('button', signInTexts.accept);
  await person.sees(new RegExp(person.said(CAST.organisation)));
  await person.press('link', signInTexts.goOn);
  await person.isAt(homeTexts.title, 'home');
  dispute.captureId = await handIn(person, {
    files: [files.screenshot, files.video],
    title: ABOUT.capture,
    kind: kindTexts.photo,
    source: ABOUT.captureSource,
  });
  await person.goTo(matterTexts.navMatters);
  await person.press('link', ABOUT.matter);
  await person.sees(matterTexts.mayNotEdit);
  await person.looks('matter-read-only');
  await person.open(`/deposits/${dispute.captureId}`);
  await person.part('link', texts.downloadCertificatePdf).waitFor();
  await person.looks('deposit');
  expect(await person.page.getByText(person.words(panelTexts.title)).count(), 'a way to show it').to.equal(0);
}
