import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { expectRight, serveReadyModels } from './ready-models.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

let site: Awaited<ReturnType<typeof serveBarePage>>;
let ready: Awaited<ReturnType<typeof serveReadyModels>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  ready = await serveReadyModels();
});

test.afterAll(async () => {
  await Promise.all([site.close(), ready.close()]);
});

test('every ready model opens from a server of npm packages, and its first answer is right @long', async ({
  page,
}) => {
  await gotoBarePage(page, site.url);
  await expectRight(page, ready);
});

test('the page of models has the line that opens each, and its bytes', async () => {
  const text = await readFile(`${root}models/README.md`, 'utf8');
  const pasted = text.replace(/,?\s+/g, ' '); // a long call is on three lines
  for (const [name, { url, integrity }] of Object.entries(ready.references)) {
    expect(pasted).toContain(`open('${url}' { integrity: '${integrity}' })`);
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
    expect(row).toContain(` ${ready.bytes[name]?.toLocaleString('en')} |`);
  }
});
