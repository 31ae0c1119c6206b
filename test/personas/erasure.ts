import { expect } from 'chai';
import { itemTexts } from '../../src/web/deposit/item-texts.ts';
import { custodyTexts } from '../../src/web/deposit/standing-texts.ts';
import { matterTexts } from '../../src/web/matter/matter-texts.ts';
import { type Text, texts } from '../../src/web/texts.ts';
import { ABOUT, comeBack, type Dispute, expectSigned } from './dispute.ts';
import { literal, type Person } from './person.ts';

/** Cannot erase what a hold keeps; without the hold it goes, and what she took home says as much as before. */
export async function eraseContent(dispute: Dispute): Promise<void> {
  const { service, files, depositId } = dispute;
  const person = await comeBack(dispute, 'holder');
  await hold(person, dispute, matterTexts.holdOnShort);
  await order(person, depositId);
  await person.sees(itemTexts.eraseFailed);
  await person.sees(new RegExp(literal(person.said(ABOUT.matter))), person.page.getByRole('alert'));
  await person.looks('erasure-refused');
  await person.part('heading', person.startingWith(texts.depositFiles)).waitFor();

  await hold(person, dispute, matterTexts.holdOffShort);
  await order(person, depositId);
  await person.isAt(itemTexts.erasedTitle);
  await person.sees(custodyTexts.erased as Text);
  await person.looks('erased');
  const left = (await person.page.locator('main').textContent()) ?? '';
  for (const gone of [person.said(ABOUT.ownWork), person.said(ABOUT.ownSource)]) expect(left).not.to.include(gone);
  // As whoever has it by now, and the files, goes on to see it.
  await expectSigned(service, dispute.certificate, files.photo, files.contract);
  // What was made from it is a deposit of its own.
  await person.open(`/deposits/${dispute.redactedId}`);
  await person.isAt(ABOUT.redacted);
}

/** Sets the hold of the matter, or ends it. */
async function hold(person: Person, { matterId }: Dispute, choice: Text): Promise<void> {
  await person.open(`/matters/${matterId}`);
  await person.press('button', matterTexts.edit);
  const form = person.part('form', matterTexts.about);
  await person.choose(matterTexts.legalHold, choice, form);
  await person.press('button', matterTexts.save, form);
  await person.sees(matterTexts.saved);
}

/** Says on the deposit's page that its content is to be erased, with the number that stands there. */
async function order(person: Person, depositId: string): Promise<void> {
  await person.open(`/deposits/${depositId}`);
  await person.unfold(itemTexts.erase);
  const asked = new RegExp(`^${literal(person.said(itemTexts.typeNumber))} *(\\d+)$`);
  const [, number] =
    asked.exec((await person.page.locator('label').filter({ hasText: asked }).textContent()) ?? '') ?? [];
  await person.type(asked, number as string);
  await person.press('button', itemTexts.eraseNow);
}
