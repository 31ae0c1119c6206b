import { expect } from 'chai';
import { accountTexts } from '../../src/web/account/account-texts.ts';
import { scopeTexts } from '../../src/web/sign-in/sign-in-texts.ts';
import type { Text } from '../../src/web/texts.ts';
import { ABOUT, addressOf, comeBack, type Dispute, PASSWORD } from './dispute.ts';

/** Makes a key for a program of the firm, who is asked once more who she is; the program uses it, until it is revoked. */
export async function keepKey(dispute: Dispute): Promise<void> {
  const { service, manner } = dispute;
  const person = await comeBack(dispute, 'holder');
  await person.open('/account/keys');
  const making = person.part('region', accountTexts.newKey);
  const label = person.said({ zh: '扫描仪', en: 'Scanner' });
  await person.type(accountTexts.label, label, making);
  await person.tick(scopeTexts['deposit.list'] as Text, making);
  await service.ageSessions(addressOf('holder', manner));
  await person.press('button', accountTexts.make, making);
  const asking = person.part('dialog', accountTexts.stepUpTitle);
  await person.type(accountTexts.password, PASSWORD, asking);
  await person.looks('key-asked');
  await person.press('button', accountTexts.confirm, asking);
  const shown = person.page.getByLabel(person.words(accountTexts.secret), { exact: true });
  await shown.waitFor();
  await person.looks('key-made');
  const secret = await shown.inputValue();
  const ask = (path: string) =>
    fetch(`${service.url}/api/v1${path}`, { headers: { authorization: `Bearer ${secret}` } });

  const answer = await ask('/deposits');
  expect(answer.status).to.equal(200);
  const { deposits } = (await answer.json()) as { deposits: { title: string | null }[] };
  expect(deposits.map(({ title }) => title)).to.include.members(
    [ABOUT.ownWork, ABOUT.capture].map((t) => person.said(t)),
  );
  expect((await ask(`/deposits/${dispute.depositId}`)).status, 'what it was not made for').to.equal(403);

  await person.press('button', accountTexts.secretKept);
  await person.press('button', `${person.said(accountTexts.revoke)} ${label}`);
  await person.press('button', `${person.said(accountTexts.revokeReally)} ${label}`);
  await person.page.locator('li[data-state="revoked"]').waitFor();
  expect((await ask('/deposits')).status, 'once it is revoked').to.equal(401);
}
