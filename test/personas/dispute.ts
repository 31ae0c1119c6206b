import { expect } from 'chai';
import type { Report } from '../../src/format/report.ts';
import { homeTexts } from '../../src/web/home/home-texts.ts';
import { signInTexts } from '../../src/web/sign-in/sign-in-texts.ts';
import type { Text } from '../../src/web/texts.ts';
import type { EvidenceFiles } from './evidence-files.ts';
import { type Manner, Person } from './person.ts';
import { linkIn, type PersonaService } from './persona-service.ts';

/** Who is in it. */
export const CAST = {
  holder: { zh: '林女士', en: 'Ms Lin' },
  organisation: { zh: '北京某某文化有限公司', en: 'Moumou Culture Ltd' },
  capturer: { zh: '取证员小周', en: 'Zhou, capture operator' },
  respondent: { zh: '某某日用品店', en: 'Moumou Household Shop' },
  notary: { zh: '公证员 许某', en: 'Xu, notary' },
  office: { zh: '某市长安公证处', en: "Chang'an Notary Office" },
  mediator: { zh: '调解员 何某', en: 'He, mediator' },
  judge: { zh: '沈法官', en: 'Judge Shen' },
  officer: { zh: '某海关关员 王某', en: 'Wang, customs officer' },
  customs: { zh: '某海关 知识产权处', en: 'Customs, IP division' },
  reviewer: { zh: '某平台审核员', en: 'Platform reviewer' },
  operator: { zh: '平台运营员', en: 'Operator on duty' },
  auditor: { zh: '外部审计师', en: 'Outside auditor' },
  expert: { zh: '对方专家辅助人 钱某', en: 'Qian, expert of the other side' },
} satisfies Record<string, Text>;

/** What it is about. */
export const ABOUT = {
  matter: { zh: '“八瓣花”图案茶杯案', en: 'Cups with the eight-petal pattern' },
  right: { zh: '八瓣花', en: 'Eight petals' },
  ownWork: { zh: '“八瓣花”图案底稿及授权合同', en: 'Eight petals: drawing and licence' },
  ownSource: { zh: '本公司设计部存档', en: 'Files of our own design department' },
  redacted: { zh: '授权合同（已遮盖许可费）', en: 'Licence, with the fee blacked out' },
  capture: { zh: '某展会展位陈列的茶杯', en: 'Cup shown at a stand of the fair' },
  captureSource: { zh: '上海某展览中心 3 号馆 B12 展位', en: 'Shanghai fair, hall 3, stand B12' },
  purpose: { zh: '证明该展位陈列的商品使用了涉案图案', en: 'That goods with the pattern were shown at that stand' },
  deedAsked: { zh: '保全展会取证的材料', en: 'Preserve what was captured at the fair' },
  findingAsked: { zh: '请认定构成侵权', en: 'Find that it infringes' },
} satisfies Record<string, Text>;

/** What one persona leaves for the next to find, in one language and manner. */
export interface Dispute {
  service: PersonaService;
  manner: Manner;
  files: EvidenceFiles;
  matterId: string;
  /** Of the right holder's own files. */
  depositId: string;
  /** Of what the capture operator handed in. */
  captureId: string;
  /** The certificate of the right holder's own files, a PDF, and their package, as saved. */
  certificate: string;
  package: string;
  /** Of the redacted copy of one of them. */
  redactedId: string;
  /** For a reader without an account. */
  link: string;
  /** By which somebody without an account confirms that he received it. */
  confirmation: string;
}

export const PASSPHRASE = 'acht Blütenblätter';
export const PASSWORD = 'a long enough password 1';

export function addressOf(name: string, { locale }: Manner): string {
  return `${name}-${locale.toLowerCase()}@example.org`;
}

/** On the page for it; the address is confirmed by the mail that comes. Ends at signing in. */
export async function signUp(person: Person, service: PersonaService, called: Text, email: string): Promise<void> {
  await person.isAt(signInTexts.signUpTitle, 'sign-up');
  await person.type(signInTexts.name, person.said(called));
  await person.type(signInTexts.email, email);
  await person.type(signInTexts.password, PASSWORD);
  await person.press('button', signInTexts.signUp);
  await person.sees(signInTexts.signUpSent);
  await person.open(linkIn(await service.mailTo(email, /verify-email/)));
  await person.sees(signInTexts.confirmed);
  await person.looks('confirmed');
}

/** On the page for it. */
export async function signIn(person: Person, email: string): Promise<void> {
  await person.isAt(signInTexts.title);
  const form = person.page.locator('form:has(#email)');
  await person.type(signInTexts.email, email, form);
  await person.type(signInTexts.password, PASSWORD, form);
  await person.press('button', signInTexts.signIn, form);
}

/** Somebody who signed up before, at a new window; ends at home. @param address as in `Person.arrive` */
export async function comeBack({ service, manner }: Dispute, name: string, address?: string): Promise<Person> {
  const person = await Person.arrive(service, name, manner, address);
  await person.open('/sign-in');
  await signIn(person, addressOf(name, manner));
  await person.isAt(homeTexts.title);
  return person;
}

/** Somebody who has a user here already, signed in at home. @param roles what the operator of the service gave, if anything */
export async function arriveSignedIn(
  dispute: Dispute,
  name: string,
  called: Text,
  roles?: Parameters<PersonaService['setRoles']>[1],
): Promise<Person> {
  const { service, manner } = dispute;
  const email = addressOf(name, manner);
  await service.addUser({ name: manner.locale === 'zh-CN' ? called.zh : called.en, email, password: PASSWORD });
  if (roles !== undefined) await service.setRoles(email, roles);
  const person = await comeBack(dispute, name);
  await person.looks('home');
  return person;
}

/** What an outsider finds with the command line, who trusts what the service's policy names. */
export async function expectVerified(service: PersonaService, ...args: string[]): Promise<void> {
  const { code, text } = await service.verify(...args, '--policy', service.policyFile);
  expect(code, text).to.equal(0);
}

/** As `expectVerified`; besides, the depositor's signature is right, and was given on a page of the service by a user who was verified. */
export async function expectSigned(service: PersonaService, ...args: string[]): Promise<void> {
  const { code, text } = await service.verify(...args, '--policy', service.policyFile, '--json');
  expect(code, text).to.equal(0);
  const { since } = JSON.parse(text) as Report;
  const check = since.find(({ name }) => name === 'annex.signature');
  expect(check).to.include({ status: 'passed' });
  expect(check?.facts).to.include({ method: 'passkey', origin: service.namedUrl, userVerified: 'yes' });
}

/** As the service says it to whoever asks by another way than the page. @param path below /api/v1 */
export async function expectRefused(person: Person, path: string, expected: 403 | 404): Promise<void> {
  const status = await person.page.evaluate(`fetch('/api/v1${path}').then((answer) => answer.status)`);
  expect(status, path).to.equal(expected);
}
