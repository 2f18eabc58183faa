import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect, type Page } from '@playwright/test';
import type { AxeResults, RunOptions } from 'axe-core';

/** What axe-core calls these keeps somebody out. */
const IMPACTS = ['serious', 'critical'];

/** What can differ between light and dark. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** Fails where axe-core finds a serious barrier in the page as it is now, in light or in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(await readFile(axe, 'utf8'));
  const found = [
    ...(await findBarriers(page, 'light', {})),
    ...(await findBarriers(page, 'dark', { runOnly: COLOUR_RULES })),
  ];
  await page.emulateMedia({ colorScheme: null });
  expect(found).toEqual([]);
}

async function findBarriers(
  page: Page,
  colorScheme: 'light' | 'dark',
  rules: RunOptions,
): Promise<string[]> {
  await page.emulateMedia({ colorScheme });
  const options: RunOptions = { ...rules, resultTypes: ['violations'], preload: false };
  const { violations } = await page.evaluate(async (options): Promise<AxeResults> => {
    // A colour that is still on its way to another is neither.
    for (const animation of document.getAnimations())
      if (animation instanceof CSSTransition) animation.finish();
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    return axe.run(document, options);
  }, options);
  return violations
    .filter(({ impact }) => IMPACTS.includes(impact ?? ''))
    .flatMap(({ id, nodes }) =>
      nodes.map(
        ({ target, failureSummary = '' }) =>
          `${colorScheme}: ${id}: ${target.join(' ')}: ${failureSummary.replace(/\s+/g, ' ')}`,
      ),
    );
}
