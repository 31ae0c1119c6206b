import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { axeSource } from './browser.ts';

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[] }[];
}

/** What axe calls serious or critical is a failure. */
export async function expectAccessible(page: Page): Promise<void> {
  // Not addScriptTag: the page's own policy rightly refuses it.
  await page.evaluate(await axeSource());
  const { violations } = (await page.evaluate('axe.run()')) as { violations: Violation[] };
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target.join(' ')).join(', ')}`)).to.deep.equal([]);
}
