import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expectAccessible } from './accessibility.ts';
import { launchChromium } from './browser.ts';

export const LOCALES = ['zh-CN', 'en-US'] as const;
export type Locale = (typeof LOCALES)[number];

/** Set to a folder, every page that is judged is pictured there, for people to look at. */
export const PICTURES = process.env.PAGE_PICTURES;
export const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 720 };

/** Who is signed in: his cookies at that address. */
export interface Session {
  origin: string;
  cookies: ReadonlyMap<string, string>;
}

interface VisitOptions extends Omit<BrowserContextOptions, 'locale'> {
  /** `en-US` if left out. */
  locale?: Locale;
  /** Nobody is signed in without it. */
  session?: Session | undefined;
}

// Of all files of a process; what one test leaves in it is gone with the context of its visit.
let chromium: Browser | undefined;
const visits = new Set<Visit>();
before(async function () {
  this.timeout(120_000);
  chromium = await launchChromium();
});
afterEach(async () => {
  for (const visit of visits) await visit.end();
});
after(() => chromium?.close());

/** Somebody at a browser that knows nothing of any earlier visit, in Beijing if nothing else is said. Ends with the test. */
export class Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly locale: Locale;
  /** What the page threw, or the browser refused or logged as an error. */
  readonly complaints: string[] = [];

  private constructor(context: BrowserContext, page: Page, locale: Locale) {
    this.context = context;
    this.page = page;
    this.locale = locale;
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      // A status of 4xx is logged by the browser itself; the page shows it in words.
      if (message.type() === 'error' && !/status of [45]\d\d/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    // From the start: choosers are intercepted only from some time after somebody first listens.
    page.on('filechooser', () => {});
  }

  static async begin({ locale = 'en-US', session, ...options }: VisitOptions = {}): Promise<Visit> {
    if (chromium === undefined) throw new Error('a visit begins in a test');
    const context = await chromium.newContext({ timezoneId: 'Asia/Shanghai', viewport: DESK, ...options, locale });
    if (session !== undefined) {
      const { origin, cookies } = session;
      await context.addCookies([...cookies].map(([name, value]) => ({ name, value, url: origin })));
    }
    const visit = new Visit(context, await context.newPage(), locale);
    visits.add(visit);
    return visit;
  }

  /** @returns the page, once it has its heading */
  async open(address: string): Promise<Page> {
    await this.page.goto(address);
    await this.page.locator('h1').waitFor();
    return this.page;
  }

  /** No grave violation, no sideways scrolling on a phone, no complaint; pictured as a desk and as a phone show it. */
  async judge(name: string): Promise<void> {
    await this.page.evaluate('document.fonts.ready');
    await expectAccessible(this.page);
    await this.picture(`${name}-${this.locale}-desktop`);
    await this.expectFits(PHONE.width);
    await this.picture(`${name}-${this.locale}-phone`);
    await this.page.setViewportSize(DESK);
    expect(this.complaints).to.deep.equal([]);
  }

  /** The same, in one language after the other, as who stays signed in and chooses the other one sees it. */
  async judgeInBothLanguages(name: string): Promise<void> {
    const { page } = this;
    for (const language of ['zh', 'en']) {
      await page.evaluate(`localStorage.setItem('tiezheng.language', '${language}')`);
      await page.reload();
      await page.locator('h1').waitFor();
      await page.waitForLoadState('networkidle');
      for (const { width } of [DESK, PHONE]) {
        await this.expectFits(width);
        if (width === (language === 'zh' ? DESK : PHONE).width) await expectAccessible(page);
        await this.picture(`${name}-${language}-${width}`);
      }
      await page.setViewportSize(DESK);
    }
    expect(this.complaints).to.deep.equal([]);
  }

  /** Makes the window so wide, and finds nothing to scroll to sideways. */
  async expectFits(width: number): Promise<void> {
    await this.page.setViewportSize({ width, height: PHONE.height });
    expect(await this.page.evaluate('document.documentElement.scrollWidth'), 'width').to.be.at.most(width);
  }

  async picture(name: string): Promise<void> {
    if (PICTURES === undefined) return;
    await mkdir(PICTURES, { recursive: true });
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  }

  /** @returns the page as a PDF, as printed on A4 */
  async print(name: string): Promise<Buffer> {
    const pdf = await this.page.pdf({ format: 'A4', preferCSSPageSize: true });
    if (PICTURES !== undefined) {
      await mkdir(PICTURES, { recursive: true });
      await writeFile(join(PICTURES, `${name}.pdf`), pdf);
    }
    return pdf;
  }

  async end(): Promise<void> {
    visits.delete(this);
    await this.context.close();
  }
}
