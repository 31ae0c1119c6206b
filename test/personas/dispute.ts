import { expect } from 'chai';
import { signInTexts } from '../../src/web/sign-in/sign-in-texts.ts';
import { texts } from '../../src/web/texts.ts';
import type { EvidenceFiles } from './evidence-files.ts';
import { type Manner, Person } from './person.ts';
import { linkIn, type PersonaService } from './persona-service.ts';

/** What one persona leaves for the next to find, in one language and manner. */
export interface Dispute {
  service: PersonaService;
  manner: Manner;
  files: EvidenceFiles;
  /** Of the right holder's first deposit. */
  depositId: string;
  /** Its certificate and package, as saved. */
  certificate: string;
  package: string;
  /** For a reader without an account. */
  link: string;
  passphrase: string;
  /** By which an officer confirms that he received it. */
  confirmation: string;
}

const PASSWORD = 'a long enough password 1';

export function addressOf(name: string, { locale }: Manner): string {
  return `${name}-${locale.toLowerCase()}@example.org`;
}

/** Signs up and confirms the address by the mail that comes. */
export async function signUp(person: Person, service: PersonaService, name: string, email: string): Promise<void> {
  await person.open('/sign-up');
  await person.isAt(signInTexts.signUpTitle, 'sign-up');
  await person.type(signInTexts.name, name);
  await person.type(signInTexts.email, email);
  await person.type(signInTexts.password, PASSWORD);
  await person.press('button', signInTexts.signUp);
  await person.sees(signInTexts.signUpSent);
  await person.open(linkIn(await service.mailTo(email, /verify-email/)));
  await person.sees(signInTexts.confirmed);
}

/** On the page for it. */
export async function signIn(person: Person, email: string): Promise<void> {
  await person.isAt(signInTexts.title, 'sign-in');
  await person.type(signInTexts.email, email);
  await person.type(signInTexts.password, PASSWORD);
  await person.press(
    'button',
    signInTexts.signIn,
    person.page.locator('form').filter({ has: person.page.locator('#email') }),
  );
  await person.part('button', texts.signOut).waitFor();
}

/** Somebody who signed up before, at a new window. */
export async function comeBack({ service, manner }: Dispute, name: string): Promise<Person> {
  const person = await Person.arrive(service, name, manner);
  await person.open('/sign-in');
  await signIn(person, addressOf(name, manner));
  return person;
}

/** Somebody who has a user here already, signed in at the home page. */
export async function arriveSignedIn(
  dispute: Dispute,
  name: string,
  roles: Parameters<PersonaService['setRoles']>[1],
): Promise<Person> {
  const { service, manner } = dispute;
  const email = addressOf(name, manner);
  await service.addUser({ name, email, password: PASSWORD });
  await service.setRoles(email, roles);
  return comeBack(dispute, name);
}

/** What an outsider finds with the command line, who trusts what the service's policy names. */
export async function expectVerified(service: PersonaService, ...args: string[]): Promise<void> {
  const { code, text } = await service.verify(...args, '--policy', service.policyFile);
  expect(code, text).to.equal(0);
}
