import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { BrowserContext, Download, Locator, Page } from 'playwright-core';
import { matterTexts } from '../../src/web/matter/matter-texts.ts';
import { type Text, texts } from '../../src/web/texts.ts';
import { expectAccessible } from '../web/accessibility.ts';
import type { PersonaService } from './persona-service.ts';

export type Locale = 'zh-CN' | 'en-US';
export type Role = Parameters<Page['getByRole']>[0];
/** What is written on a thing: both languages, or the same in both. */
export type Words = Text | string | RegExp;

/** How somebody works. By keyboard alone: Tab until the thing has focus, then Enter, Space, arrows and typing. */
export interface Manner {
  locale: Locale;
  by: 'mouse' | 'keyboard';
}

/** Set to a folder, every page that a persona passes is pictured there, wide and as a phone shows it. */
const PICTURES = process.env.PAGE_PICTURES;
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };
/** Those that end by themselves. */
const TRANSITIONS_END = `Promise.allSettled(document.getAnimations()
  .filter((each) => each.effect?.getComputedTiming().endTime !== Infinity).map((each) => each.finished))`;
/** More than any page has things to stop at. */
const MOST_TABS = 400;

/** Somebody at a browser of his own, who does one thing after the other and looks at what the page says. */
export class Person {
  readonly page: Page;
  readonly manner: Manner;
  /** Pressing, choosing a file, choosing an option; typing is none. */
  clicks = 0;
  readonly #service: PersonaService;
  readonly #address: string;
  readonly #context: BrowserContext;
  readonly #name: string;
  readonly #complaints: string[] = [];
  #pictures = 0;
  static readonly #present = new Set<Person>();

  private constructor(
    service: PersonaService,
    address: string,
    context: BrowserContext,
    page: Page,
    name: string,
    manner: Manner,
  ) {
    this.#service = service;
    this.#address = address;
    this.#context = context;
    this.page = page;
    this.#name = name;
    this.manner = manner;
    page.on('pageerror', (error) => this.#complaints.push(error.message));
    page.on('console', (message) => {
      // A refusal that a page shows in words is also a line here.
      if (message.type() === 'error' && !/status of [45]\d\d/.test(message.text()))
        this.#complaints.push(message.text());
    });
  }

  /**
   * @param name of the persona, for pictures
   * @param address of the service, as he types it
   */
  static async arrive(
    service: PersonaService,
    name: string,
    manner: Manner,
    address: string = service.url,
  ): Promise<Person> {
    const context = await service.browser.newContext({
      locale: manner.locale,
      timezoneId: 'Asia/Shanghai',
      acceptDownloads: true,
      viewport: DESK,
    });
    context.setDefaultTimeout(60_000);
    const person = new Person(service, address, context, await context.newPage(), name, manner);
    Person.#present.add(person);
    return person;
  }

  /** Closes the windows of all who have not left. @param failed pictures what they saw last, if pictures are wanted */
  static async allLeave(failed: boolean): Promise<void> {
    for (const person of [...Person.#present]) {
      if (failed) await person.#picture(`failed-${person.#name}-${person.manner.locale}`);
      await person.leave();
    }
  }

  /** Closes the browser's window. Fails if a page threw or complained on the way. */
  async leave(): Promise<void> {
    Person.#present.delete(this);
    await this.#context.close();
    expect(this.#complaints, `${this.#name}: what the pages complained of`).to.deep.equal([]);
  }

  /** The words of his language. */
  words(words: Words): string | RegExp {
    if (typeof words === 'string' || words instanceof RegExp) return words;
    return this.manner.locale === 'zh-CN' ? words.zh : words.en;
  }

  /** As he would write it. */
  said(text: Text): string {
    return this.words(text) as string;
  }

  /** For what is named by more than its first words. */
  startingWith(text: Text): RegExp {
    return new RegExp(`^${literal(this.said(text))}`);
  }

  /** @param path or a whole address, from a mail for one */
  async open(path: string): Promise<void> {
    await this.page.goto(new URL(path, this.#address).href);
  }

  /**
   * Arrives at a page of that heading.
   * @param picture its name among the pictures; without, it is one that was looked at before
   */
  async isAt(heading: Words, picture?: string): Promise<void> {
    await this.#named(this.page, 'heading', heading, 1).waitFor();
    if (picture !== undefined) await this.looks(picture);
  }

  /** The page as it is now is to be accessible, and whole on a phone. */
  async looks(picture: string): Promise<void> {
    const { page } = this;
    await page.evaluate('document.fonts.ready');
    // A colour on its way to another is nobody's to judge.
    await page.evaluate(TRANSITIONS_END);
    await expectAccessible(page);
    const name = `${this.#name}-${String(++this.#pictures).padStart(2, '0')}-${picture}-${this.manner.locale}`;
    await this.#picture(`${name}-desktop`);
    await page.setViewportSize(PHONE);
    expect(await page.evaluate('document.documentElement.scrollWidth'), `${name}: width`).to.be.at.most(PHONE.width);
    await this.#picture(`${name}-phone`);
    await page.setViewportSize(DESK);
  }

  async #picture(name: string): Promise<void> {
    if (PICTURES === undefined) return;
    await mkdir(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }

  /** A part of the page, such as a section or a form, by its name. */
  part(role: Role, name: Words): Locator {
    return this.#named(this.page, role, name);
  }

  /** Waits until the page says so. */
  async sees(words: Words, within: Locator | Page = this.page): Promise<void> {
    await within.getByText(this.words(words)).first().waitFor();
  }

  async press(role: 'button' | 'link' | 'tab' | 'menuitem', name: Words, within?: Locator): Promise<void> {
    await this.pressOn(this.#named(within ?? this.page, role, name));
  }

  /** By the main navigation. */
  async goTo(entry: Words): Promise<void> {
    await this.press('link', entry, this.part('navigation', texts.mainNavigation));
  }

  async pressOn(target: Locator): Promise<void> {
    this.clicks++;
    if (this.manner.by === 'mouse') return target.click();
    await this.#focus(target);
    await this.page.keyboard.press('Enter');
  }

  /** What stands folded under such a line. */
  async unfold(words: Words): Promise<void> {
    const summary = this.page.locator('summary').filter({ hasText: this.words(words) });
    await this.pressOn(summary);
  }

  /** Whatever was in the field is replaced. */
  async type(label: Words, text: string, within?: Locator): Promise<void> {
    const field = this.#labelled(within ?? this.page, label);
    if (this.manner.by === 'mouse') return field.fill(text);
    await this.#focus(field);
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.insertText(text);
  }

  /** An option of a list. */
  async choose(label: Words, option: Words, within?: Locator): Promise<void> {
    this.clicks++;
    const list = this.#labelled(within ?? this.page, label);
    const wanted = this.words(option);
    const found = list.locator('option').filter({ hasText: wanted });
    await found.first().waitFor({ state: 'attached' });
    const value = (await found.first().getAttribute('value')) ?? ((await found.first().textContent()) as string);
    if (this.manner.by === 'mouse') {
      await list.selectOption(value);
      return;
    }
    await this.#focus(list);
    await this.page.keyboard.press('Home');
    const count = await list.locator('option').count();
    for (let i = 0; i < count && (await list.inputValue()) !== value; i++) await this.page.keyboard.press('ArrowDown');
    expect(await list.inputValue(), `${wanted}`).to.equal(value);
  }

  /** A box, which is then ticked where it was not, and not where it was. */
  async tick(box: Words, within?: Locator): Promise<void> {
    this.clicks++;
    const target = this.#named(within ?? this.page, 'checkbox', box);
    const before = await target.isChecked();
    if (this.manner.by === 'mouse') await target.click();
    else {
      await this.#focus(target);
      await this.page.keyboard.press('Space');
    }
    expect(await target.isChecked(), `${this.words(box)}`).to.equal(!before);
  }

  /** One of several of which only one can be chosen. */
  async pick(choice: Words, within?: Locator): Promise<void> {
    this.clicks++;
    const target = this.#named(within ?? this.page, 'radio', choice);
    if (this.manner.by === 'mouse') await target.click();
    else {
      await this.#focus(target);
      const group = JSON.stringify(await target.getAttribute('name'));
      await this.page.keyboard.press('Space');
      const count = await this.page.locator(`input[name=${group}]`).count();
      for (let i = 0; i < count && !(await target.isChecked()); i++) await this.page.keyboard.press('ArrowDown');
    }
    expect(await target.isChecked(), `${this.words(choice)}`).to.equal(true);
  }

  /** Through the system's own dialog, which is nobody's to test. */
  async chooseFiles(button: Words, paths: readonly string[], within?: Locator): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.press('button', button, within);
    this.clicks++;
    await (await chooser).setFiles([...paths]);
  }

  /** Presses what saves a file. @returns the file's path */
  async save(role: 'button' | 'link', name: Words, within?: Locator): Promise<string> {
    const saving = this.page.waitForEvent('download');
    await this.press(role, name, within);
    return this.keep(await saving);
  }

  async keep(download: Download): Promise<string> {
    const path = join(this.#service.folder, `${this.manner.locale}-${download.suggestedFilename()}`);
    await download.saveAs(path);
    return path;
  }

  /** Presses what opens another tab, and goes on there. */
  async follow(press: () => Promise<void>): Promise<Page> {
    const [page] = await Promise.all([this.#context.waitForEvent('page'), press()]);
    return page;
  }

  #named(within: Locator | Page, role: Role, name: Words, level?: number): Locator {
    const words = this.words(name);
    const options = { name: words, exact: typeof words === 'string', ...(level !== undefined && { level }) };
    return within.getByRole(role, options);
  }

  /** Some labels end with the word that nothing need be written. */
  #labelled(within: Locator | Page, label: Words): Locator {
    const words = this.words(label);
    if (words instanceof RegExp) return within.getByLabel(words);
    const optional = this.words(matterTexts.optional) as string;
    return within.getByLabel(new RegExp(`^${literal(words)}( ?${literal(optional)})?$`));
  }

  /** With Tab, or Shift and Tab; as long as it is far, the key is held down. */
  async #focus(target: Locator): Promise<void> {
    await target.waitFor();
    await target.and(this.page.locator(':not(:disabled)')).waitFor();
    const { keyboard } = this.page;
    for (let tabs = 0; tabs < MOST_TABS; ) {
      const stops = await stopsTo(target);
      if (stops === 0) return;
      const times = Math.max(1, Math.abs(stops) - 2);
      if (stops < 0) await keyboard.down('Shift');
      await Promise.all(Array.from({ length: times }, () => keyboard.down('Tab')));
      await keyboard.up('Tab');
      if (stops < 0) await keyboard.up('Shift');
      tabs += times;
    }
    throw new Error(`${MOST_TABS} times Tab, and no focus on ${target}`);
  }
}

/**
 * About how many times Tab from the focus to there, or Shift and Tab if negative; 0 only where it is there. Of choices of which only one
 * can be chosen each will do: arrows go on from there.
 */
function stopsTo(target: Locator): Promise<number> {
  return target.evaluate((element) => {
    const { activeElement: now } = element.ownerDocument;
    const group = element.matches('[type=radio]') ? element.getAttribute('name') : null;
    if (now === element || (group !== null && now?.getAttribute('name') === group)) return 0;
    const isBefore = now !== null && (now.compareDocumentPosition(element) & 2) !== 0;
    const [first, last] = isBefore ? [element, now] : [now, element];
    const places = element.ownerDocument.querySelectorAll('a, button, input, select, textarea, summary, [tabindex]');
    const between = [...places]
      .filter((each) => first === null || (first.compareDocumentPosition(each) & 4) !== 0)
      .filter((each) => (last.compareDocumentPosition(each) & 2) !== 0)
      .filter((each) => each.tabIndex >= 0 && !each.matches(':disabled, [type=radio]'))
      .filter((each) => each.checkVisibility({ visibilityProperty: true }));
    return (between.length + 1) * (isBefore ? -1 : 1);
  });
}

/** To be looked for as it stands. */
export function literal(words: string): string {
  return words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
