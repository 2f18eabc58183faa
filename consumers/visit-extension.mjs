// node visit-extension.mjs <folder>: puts the library and a sealed model into the extension in that folder, opens its
// page in Chromium without a network, and prints what the page shows. It runs in an app that has the packages.
import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright';
import { chromiumLaunch } from '../scripts/chromium.mjs';
import { root } from '../scripts/root.mjs';
import { runIn } from './processes.mjs';

const RESULT_MS = 60_000;

const extension = resolve(process.argv[2]);
await cp('node_modules/nearside/dist', join(extension, 'nearside'), { recursive: true });
await runIn(extension, [
  resolve('node_modules/.bin/nearside'),
  'seal',
  `${root}models/digits`,
  ...['--out', 'models/digits', '--url', 'models/digits', '--module', 'digits.model.js'],
]);
const profile = await mkdtemp(join(tmpdir(), 'nearside-extension-'));
const browser = await chromium.launchPersistentContext(profile, {
  ...chromiumLaunch,
  channel: 'chromium', // the headless mode that has extensions
  args: [
    ...chromiumLaunch.args,
    `--disable-extensions-except=${extension}`,
    `--load-extension=${extension}`,
    '--host-resolver-rules=MAP * ~NOTFOUND',
  ],
});
try {
  const page = await browser.newPage();
  const query = new URLSearchParams({ backend: process.env.BACKEND ?? '' });
  await page.goto(`chrome-extension://${idOf(extension)}/index.html?${query}`);
  const shown = page.locator('#result:not(:empty)');
  await shown.waitFor({ timeout: RESULT_MS, state: 'attached' });
  console.log(await shown.textContent());
} finally {
  await browser.close();
  await rm(profile, { recursive: true, force: true });
}

/** Chromium's name for an unpacked extension: the first half of the hash of its path, in letters from a to p. */
function idOf(path) {
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 32);
  return hash.replaceAll(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)));
}
