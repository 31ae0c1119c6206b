import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { axeSource } from './browser.ts';

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[] }[];
}

/** The colours of what is fading in or out are nobody's to read: what began to move ends first. */
const AT_REST = `Promise.all(document.getAnimations()
  .filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime))
  .map((one) => one.finished.catch(() => {})))`;

/** What axe calls serious or critical is a failure. Nothing moves meanwhile, as for a reader who asks for that. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate(AT_REST);
  // Not addScriptTag: the page's own policy rightly refuses it.
  await page.evaluate(await axeSource());
  // What passed is not asked for: telling it, for every element, takes longer than finding it.
  const violations = (await page.evaluate(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )) as Violation[];
  await page.emulateMedia({ reducedMotion: null });
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.target.join(' ')).join(', ')}`)).to.deep.equal([]);
}
