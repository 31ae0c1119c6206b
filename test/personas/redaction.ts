import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { itemTexts } from '../../src/web/deposit/item-texts.ts';
import { derivativeKindTexts, matterTexts } from '../../src/web/matter/matter-texts.ts';
import { panelTexts, scopeTexts } from '../../src/web/sharing/sharing-texts.ts';
import { kindTexts, texts } from '../../src/web/texts.ts';
import { ABOUT, addressOf, arriveSignedIn, CAST, comeBack, type Dispute, expectRefused } from './dispute.ts';
import { handIn } from './hand-in.ts';

const HOW = { zh: '遮盖了许可费一行', en: 'The line with the fee was blacked out' };

/** Hands in the licence with its fee blacked out, links it to the original, and shows nothing but the copy. */
export async function showRedacted(dispute: Dispute): Promise<void> {
  const { manner, files } = dispute;
  const person = await comeBack(dispute, 'holder');
  dispute.redactedId = await handIn(person, {
    files: [files.redactedContract],
    title: ABOUT.redacted,
    kind: kindTexts.document,
    source: ABOUT.ownSource,
    isKnown: true,
  });
  await person.open(`/deposits/${dispute.depositId}`);
  await person.press('button', itemTexts.link);
  const linking = person.part('form', itemTexts.link);
  await person.choose(itemTexts.kind, derivativeKindTexts.redacted, linking);
  await person.type(itemTexts.method, person.said(HOW), linking);
  await person.pick(person.startingWith(ABOUT.redacted), linking);
  await person.press('button', itemTexts.link, linking);
  await person.press('link', itemTexts.theDerivative);
  await person.isAt(ABOUT.redacted, 'redacted');
  await person.unfold(panelTexts.title);
  const form = person.part('form', panelTexts.newGrant);
  await person.type(panelTexts.to, addressOf('expert', manner), form);
  await person.choose(panelTexts.scope, scopeTexts.download, form);
  await person.press('button', panelTexts.newGrant, form);
  await person.page
    .locator('li[data-state]')
    .filter({ hasText: addressOf('expert', manner) })
    .waitFor();
}

/** Sees the copy, that there is an original and how the copy was made from it; the original stays closed, however it is asked for. */
export async function expertSeesCopy(dispute: Dispute): Promise<void> {
  const { depositId, redactedId } = dispute;
  const person = await arriveSignedIn(dispute, 'expert', CAST.expert, ['reader']);
  await person.goTo(matterTexts.navReceived);
  await person.isAt(matterTexts.receivedTitle);
  await person.press('button', matterTexts.takeInvitations);
  await person.press('link', person.startingWith(matterTexts.openDepositLink));
  await person.isAt(ABOUT.redacted);
  await person.sees(HOW);
  await person.looks('copy');
  const copy = await person.save('link', person.startingWith(texts.fileOriginal));
  expect(await readFile(copy)).to.deep.equal(await readFile(dispute.files.redactedContract));
  await person.press('link', itemTexts.theOriginal);
  await person.sees(texts.depositUnavailable);
  expect(await person.page.locator('main').textContent()).not.to.include(person.said(ABOUT.ownWork));
  for (const part of ['', '/files/1', '/certificate.json', '/receipt.json', '/package.zip']) {
    await expectRefused(person, `/deposits/${depositId}${part}`, 404);
  }
  await expectRefused(person, `/deposits/${redactedId}/package.zip`, 403);
}
