import { handInTexts } from '../../src/web/hand-in/hand-in-texts.ts';
import { homeTexts } from '../../src/web/home/home-texts.ts';
import { type Text, texts } from '../../src/web/texts.ts';
import type { Person } from './person.ts';

interface Wanted {
  files: readonly string[];
  title: Text;
  kind: Text;
  source: Text;
  /** Title of a new one. */
  matter?: Text;
  /** By the depositor's passkey, which his browser has. */
  isSigned?: boolean;
  /** The pages were looked at before, by somebody for whom they are the same. */
  isKnown?: boolean;
}

/** From home, through the steps, to the page that says how it goes on. @returns the deposit's id */
export async function handIn(
  person: Person,
  { files, title, kind, source, matter, isSigned, isKnown }: Wanted,
): Promise<string> {
  await person.press('link', homeTexts.handIn);
  await person.isAt(texts.handInTitle, isKnown ? undefined : 'hand-in');
  await person.chooseFiles(texts.chooseFiles, files);
  await person.press('button', handInTexts.next);
  await person.type(texts.fieldTitle, person.said(title));
  await person.choose(texts.fieldKind, kind);
  await person.type(texts.fieldSource, person.said(source));
  if (matter !== undefined) {
    await person.choose(handInTexts.matterLabel, handInTexts.matterNew);
    await person.type(handInTexts.matterNewTitle, person.said(matter));
  }
  if (!isKnown) await person.looks('statement');
  await person.press('button', handInTexts.next);
  await person.part('heading', handInTexts.stepCheck).waitFor();
  if (isSigned) await person.tick(handInTexts.sign);
  if (!isKnown) await person.looks('check');
  await person.press('button', texts.handIn);
  if (isSigned) {
    await person.press('button', handInTexts.signNow);
    await person.sees(texts.largeDone);
  }
  await person.page.waitForURL('**/hand-in?step=done&deposit=*');
  return new URL(person.page.url()).searchParams.get('deposit') as string;
}
