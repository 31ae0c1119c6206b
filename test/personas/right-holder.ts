import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { parseCustodyFile } from '../../src/format/custody.ts';
import { accountTexts } from '../../src/web/account/account-texts.ts';
import { compareTexts } from '../../src/web/compare/compare-texts.ts';
import { itemTexts } from '../../src/web/deposit/item-texts.ts';
import { standingTexts } from '../../src/web/deposit/standing-texts.ts';
import { handInTexts } from '../../src/web/hand-in/hand-in-texts.ts';
import { homeTexts } from '../../src/web/home/home-texts.ts';
import {
  addRoleTexts,
  matterTexts,
  partyKindTexts,
  proofKindTexts,
  relationTexts,
  rightKindTexts,
} from '../../src/web/matter/matter-texts.ts';
import { handOverStateTexts, panelTexts, receiverKindTexts, scopeTexts } from '../../src/web/sharing/sharing-texts.ts';
import { roleTexts } from '../../src/web/sign-in/sign-in-texts.ts';
import { kindTexts, type Text, texts } from '../../src/web/texts.ts';
import { addAuthenticator } from '../web/authenticators.ts';
import {
  ABOUT,
  addressOf,
  CAST,
  comeBack,
  type Dispute,
  expectSigned,
  expectVerified,
  PASSPHRASE,
  signIn,
  signUp,
} from './dispute.ts';
import { handIn } from './hand-in.ts';
import { literal, Person } from './person.ts';

/** Finds the home page, signs up, makes the firm's account, and invites who captures for it. */
export async function foundOrganisation(dispute: Dispute): Promise<void> {
  const { service, manner } = dispute;
  const person = await Person.arrive(service, 'holder', manner);
  const email = addressOf('holder', manner);
  await person.open('/');
  await person.isAt(homeTexts.visitorTitle, 'visitor');
  await person.press('link', homeTexts.signUp);
  await signUp(person, service, CAST.holder, email);
  await signIn(person, email);
  await person.isAt(homeTexts.title, 'home-first');
  await person.press('link', CAST.holder);
  await person.isAt(accountTexts.overview, 'account');
  await person.press('link', accountTexts.organisations);
  await person.isAt(accountTexts.organisations, 'organisations');
  await person.type(accountTexts.organisationName, person.said(CAST.organisation));
  await person.press('button', accountTexts.create);
  await person.type(accountTexts.email, addressOf('capturer', manner));
  // A new member is a holder unless somebody says otherwise.
  await person.tick(person.startingWith(roleTexts.holder as Text));
  await person.tick(person.startingWith(roleTexts['capture-operator'] as Text));
  await person.press('button', accountTexts.sendInvitation);
  await person.sees(accountTexts.invited);
  await person.looks('member-invited');
  for (const section of ['keys', 'security', 'notices'] as const) {
    await person.press('link', accountTexts[section]);
    await person.isAt(accountTexts[section], `account-${section}`);
  }
}

/** Makes a passkey, hands in the firm's own work into a new matter, signs that, and takes home a package that stands by itself. */
export async function handInAndCertify(dispute: Dispute): Promise<void> {
  const { service, files } = dispute;
  const person = await comeBack(dispute, 'holder', service.namedUrl);
  await addAuthenticator(person.page);
  await person.open('/account/security');
  const passkeys = person.part('region', accountTexts.passkeys);
  await person.type(accountTexts.passkeyName, person.said({ zh: '办公室电脑', en: 'Office computer' }), passkeys);
  await person.press('button', accountTexts.addPasskey, passkeys);
  await person.sees(accountTexts.passkeyAdded, passkeys);
  await person.open('/');
  dispute.depositId = await handIn(person, {
    files: [files.photo, files.contract],
    title: ABOUT.ownWork,
    kind: kindTexts.document,
    source: ABOUT.ownSource,
    matter: ABOUT.matter,
    isSigned: true,
  });
  await person.part('heading', handInTexts.doneTakeTitle).waitFor();
  await person.looks('hand-in-done');
  await person.part('link', texts.downloadPackage).waitFor();
  dispute.certificate = await person.save('link', texts.downloadCertificatePdf);
  dispute.package = await person.save('link', texts.downloadPackage);
  await person.press('link', handInTexts.doneOpen);
  await person.isAt(ABOUT.ownWork);
  const signature = person.part('region', itemTexts.signature);
  await person.sees(itemTexts.signed, signature);
  await person.sees(service.namedUrl, signature);
  await person.looks('deposit');
  await expectVerified(service, dispute.package);
  await expectSigned(service, dispute.certificate, files.photo, files.contract);
}

/** Writes down who is in it and what is claimed, gathers the evidence, and looks at both pictures. */
export async function keepMatter(dispute: Dispute): Promise<void> {
  const person = await comeBack(dispute, 'holder');
  await person.goTo(matterTexts.navMatters);
  await person.isAt(matterTexts.listTitle, 'matters');
  await person.press('link', ABOUT.matter);
  await person.part('heading', ABOUT.matter).waitFor();
  dispute.matterId = new URL(person.page.url()).pathname.split('/').at(-1) as string;

  const add = async (what: Text, opened: RegExp | Text, fill: () => Promise<void>) => {
    await person.press('button', opened);
    const form = person.part('form', what);
    await fill();
    await person.press('button', matterTexts.add, form);
    await form.waitFor({ state: 'detached' });
  };
  for (const [role, name] of [
    [addRoleTexts.holder, CAST.organisation],
    [addRoleTexts['capture-operator'], CAST.capturer],
    [addRoleTexts.respondent, CAST.respondent],
  ] as const) {
    await add(role, role, async () => {
      await person.type(matterTexts.name, person.said(name));
      await person.choose(matterTexts.kind, partyKindTexts.organisation);
    });
  }
  await add(matterTexts.addRight, matterTexts.addRight, async () => {
    await person.type(matterTexts.rightTitle, person.said(ABOUT.right));
    await person.choose(matterTexts.rightKind, rightKindTexts.copyright);
    await person.choose(matterTexts.holder, CAST.organisation);
  });
  await add(matterTexts.addProof, person.startingWith(matterTexts.addProof), async () => {
    await person.choose(matterTexts.proofKind, proofKindTexts.contract);
    await person.pick(person.startingWith(ABOUT.ownWork));
  });

  await person.press('button', matterTexts.addItems);
  await person.tick(person.startingWith(ABOUT.capture));
  await person.press('button', person.startingWith(matterTexts.addChosen));
  await person.press('button', `${person.said(matterTexts.edit)} ${person.said(ABOUT.capture)}`);
  await person.type(matterTexts.proofPurpose, person.said(ABOUT.purpose));
  await person.press('button', matterTexts.save);
  await add(matterTexts.addRelation, matterTexts.addRelation, async () => {
    await person.choose(matterTexts.relation, relationTexts.compares);
    await person.choose(matterTexts.otherItem, new RegExp(literal(person.said(ABOUT.capture))));
  });
  await person.press('button', matterTexts.openMatter);
  await person.press('button', matterTexts.goOn);
  await person.part('button', matterTexts.closeMatter).waitFor();
  await person.looks('matter');

  await person.press('button', matterTexts.compare);
  await person.part('heading', compareTexts.title).waitFor();
  await person.sees(compareTexts.hint);
  await person.looks('compare');
}

/** Sees that the hand-over was confirmed; everything that was done since is in the custody file, which verifies offline. */
export async function custodyStands(dispute: Dispute): Promise<void> {
  const { service, files } = dispute;
  const person = await comeBack(dispute, 'holder');
  await person.open(`/deposits/${dispute.captureId}`);
  await person.part('heading', standingTexts.custody).waitFor();
  const certificate = await person.save('link', texts.downloadCertificateJson);
  const custody = await person.save('link', standingTexts.custodyFile);
  const kinds = parseCustodyFile(await readFile(custody)).events.map(({ event }) => event.kind);
  expect(kinds).to.include.members(['handed-over', 'hand-over-confirmed', 'exported', 'link-opened']);
  await expectVerified(service, certificate, files.screenshot, files.video, '--custody', custody);
  await person.unfold(panelTexts.title);
  await person.sees(handOverStateTexts.confirmed, person.page.locator('li[data-state="confirmed"]'));
}

/** Asks the office to verify, shows the matter to those who need it, and hands the originals over. */
export async function askAndShow(dispute: Dispute): Promise<void> {
  const { manner } = dispute;
  const person = await comeBack(dispute, 'holder');
  await person.looks('home');
  await person.open(`/matters/${dispute.matterId}`);
  for (const subject of [ABOUT.deedAsked, ABOUT.findingAsked]) {
    await person.press('button', matterTexts.newRequest);
    await person.choose(matterTexts.office, person.startingWith(CAST.office));
    await person.type(matterTexts.subject, person.said(subject));
    await person.press('button', matterTexts.submitRequest);
    await person.part('heading', person.startingWith(subject)).waitFor();
  }
  await person.unfold(panelTexts.matterTitle);
  for (const [name, scope] of [
    ['judge', scopeTexts.export],
    ['mediator', scopeTexts.read],
    ['officer', scopeTexts.export],
    ['reviewer', scopeTexts.read],
  ] as const) {
    const form = person.part('form', panelTexts.newGrant);
    await person.type(panelTexts.to, addressOf(name, manner), form);
    await person.choose(panelTexts.scope, scope, form);
    await person.press('button', panelTexts.newGrant, form);
    await person.page
      .locator('li[data-state]')
      .filter({ hasText: addressOf(name, manner) })
      .waitFor();
  }
  await person.looks('matter-shown');

  await person.open(`/deposits/${dispute.captureId}`);
  await person.unfold(panelTexts.title);
  const links = person.part('form', panelTexts.newLink);
  await person.type(panelTexts.reader, person.said(CAST.respondent), links);
  await person.type(panelTexts.passphrase, PASSPHRASE, links);
  await person.press('button', panelTexts.newLink, links);
  const shown = person.page.locator('.shown-once input');
  await shown.waitFor();
  await person.looks('link-made');
  dispute.link = await shown.inputValue();
  const handOvers = person.part('form', panelTexts.newHandOver);
  await person.choose(panelTexts.receiverKind, receiverKindTexts.customs, handOvers);
  await person.type(panelTexts.receiver, person.said(CAST.customs), handOvers);
  await person.press('button', panelTexts.newHandOver, handOvers);
  const newest = person.page.locator(`.shown-once input:not([value="${dispute.link}"])`);
  await newest.waitFor();
  dispute.confirmation = await newest.inputValue();
}
