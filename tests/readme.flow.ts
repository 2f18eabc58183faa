import { test } from '@playwright/test';
import { expectPrinted, serveReadmePage } from './readme-page.js';

test('the README’s first file, pasted into a page, prints what stands under it', async ({
  page,
}) => {
  const readme = await serveReadmePage();
  await expectPrinted(page, readme);
  await readme.close();
});
