import { expect } from 'chai';
import { identityMethodTexts } from '../../src/web/account/account-texts.ts';
import { logTexts } from '../../src/web/log/log-texts.ts';
import { operationTexts } from '../../src/web/operation/operation-texts.ts';
import { roleTexts } from '../../src/web/sign-in/sign-in-texts.ts';
import { type Text, texts } from '../../src/web/texts.ts';
import { ABOUT, arriveSignedIn, CAST, type Dispute } from './dispute.ts';
import { literal, type Person } from './person.ts';

const SECTIONS = ['accounts', 'keys', 'storage', 'profile'] as const;

/** Sees how the service runs, makes an office that he checked a notary's, and sees no deposit. */
export async function operatorAdmitsOffice(dispute: Dispute): Promise<void> {
  const person = await arriveSignedIn(dispute, 'operator', CAST.operator, ['operator']);
  await person.goTo(logTexts.navOperator);
  await person.isAt(logTexts.operatorTitle, 'operation');
  await person.sees(logTexts.health);
  for (const section of SECTIONS) {
    await person.press('link', operationTexts[section]);
    await person.isAt(operationTexts[section], section);
  }
  await person.press('link', operationTexts.accounts);
  const office = person.said(CAST.office);
  await person.type(operationTexts.findAccount, office);
  await person.press('button', operationTexts.search, person.page.locator('form:has(#find-account)'));
  await person.press('button', `${person.said(operationTexts.recordCheck)} ${office}`);
  await person.choose(operationTexts.method, identityMethodTexts['official-letter'] as Text);
  await person.type(operationTexts.whoChecked, person.said(CAST.operator));
  await person.press('button', operationTexts.record);
  await person.sees(new RegExp(literal(`${person.said(operationTexts.checkedBy)} ${person.said(CAST.operator)}`)));
  await person.press('button', `${person.said(operationTexts.changeRoles)} ${office}`);
  await person.tick(person.startingWith(roleTexts.notary as Text));
  await person.press('button', operationTexts.save);
  const { mayBe } = operationTexts;
  await person.sees(new RegExp(`${literal(person.said(mayBe))}:.*${literal(person.said(roleTexts.notary as Text))}`));
  await person.looks('office-admitted');
  await expectNoDeposit(person, dispute);
}

/** Reads the operation and the public log, and is offered nothing that changes anything. */
export async function auditorReads(dispute: Dispute): Promise<void> {
  const person = await arriveSignedIn(dispute, 'auditor', CAST.auditor, ['auditor']);
  await person.goTo(logTexts.navOperator);
  await person.isAt(logTexts.operatorTitle);
  await person.press('link', operationTexts.accounts);
  await person.sees(operationTexts.usersOperators);
  for (const words of [operationTexts.changeRoles, operationTexts.recordCheck]) {
    const offered = person.page.getByRole('button', { name: person.words(words) });
    expect(await offered.count(), person.said(words)).to.equal(0);
  }
  await person.goTo(logTexts.navLog);
  await person.isAt(logTexts.title, 'log');
  await expectNoDeposit(person, dispute);
}

/** Not by an address either: it reads as one that never was. */
async function expectNoDeposit(person: Person, { depositId }: Dispute): Promise<void> {
  await person.open(`/deposits/${depositId}`);
  await person.sees(texts.depositUnavailable);
  expect(await person.page.locator('main').textContent()).not.to.include(person.said(ABOUT.ownWork));
}
