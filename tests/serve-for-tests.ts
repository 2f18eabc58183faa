import { test } from '@playwright/test';
import { serveDigits } from './digits-repository.js';
import { serveBarePage } from './serve-bare-page.js';

/** Serves a page of `tests`, the bare one by default, and the digits model while the tests of the file that calls it run. */
export function serveForTests(folder?: string) {
  const served = {} as {
    site: Awaited<ReturnType<typeof serveBarePage>>;
    digits: Awaited<ReturnType<typeof serveDigits>>;
  };
  test.beforeAll(async () => {
    served.site = await serveBarePage(folder);
    served.digits = await serveDigits();
  });
  test.afterAll(async () => {
    await Promise.all([served.site.close(), served.digits.close()]);
  });
  return served;
}
