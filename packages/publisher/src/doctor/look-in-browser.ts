import { launchChromium } from './browser.js';
import type { CheckedModel } from './check-model.js';
import { type BackendVerdict, openBeside, type PageToOpenBeside } from './open-beside.js';
import { type Transfer, visitPage } from './visit-page.js';

export interface InBrowser {
  readonly name: string;
  /** All that the page asked for on a first visit, in order. */
  readonly waterfall: readonly Transfer[];
  /** The first model's, by `explainBackend()`. */
  readonly backends: readonly BackendVerdict[];
}

/**
 * Visits the page in Chromium, and opens a model beside it.
 *
 * @throws Error where Playwright, Chromium or its sandbox is missing
 */
export async function lookInBrowser(
  given: PageToOpenBeside & {
    readonly model: CheckedModel | undefined;
    readonly sandbox: boolean;
  },
): Promise<InBrowser> {
  const { model, sandbox } = given;
  const browser = await launchChromium({ sandbox });
  try {
    const waterfall = await visitPage(browser, given);
    const backends = model?.open ? await openBeside(browser, given, model) : [];
    return { name: `Chromium ${browser.version()}`, waterfall, backends };
  } finally {
    await browser.close();
  }
}
