import { readFile, writeFile } from 'node:fs/promises';

/** Until all components have what they asked for, ms. */
const RESULT_MS = 60_000;

/** A model is closed so long after the last component has left it, ms. */
const LEFT_MS = 2_000;

const MANY = 20;

/** `asked.js`: what the components of a lane ask for. The visit looks at what they were given. */
export const asked = `import { drawOne } from './one.js';

const query = new URLSearchParams(globalThis.location?.search);
const models = new Set();
let at; // what is fetched from here on is not for the first result

globalThis.models = models;
export const address = query.get('model');
export const photo = globalThis.OffscreenCanvas && drawOne();

/** Another object at each render. */
export function optionsFor(threads) {
  return { trust: query.get('trust'), backend: query.get('backend') ?? undefined, threads };
}

export function see(model, output) {
  if (model && !models.has(model)) {
    models.add(model);
    model.on('run-end', () => {
      at ??= Date.now();
    });
  }
  return output && at;
}

export function say(error, output, meta) {
  if (error) return error.code + ': ' + error.message;
  return output ? output[0].label + ' by ' + meta.backend : '';
}
`;

/**
 * Has twenty components ask for one model, for another one while it runs, and leave; then has twenty leave while theirs
 * loads.
 *
 * @param {import('playwright').Browser} browser
 * @param {string} url
 * @returns {Promise<{ openings: number, openingsLeft: number }>} for twenty components, and after they have left
 */
export async function visitComponents(browser, url) {
  const page = await startPage(browser, url);
  try {
    await show(page, { count: MANY });
    await waitForAll(page, MANY);
    const openings = await page.evaluate(() => globalThis.models.size);
    await show(page, { count: MANY, threads: 1 });
    await waitForAll(page, MANY);
    const openingsLeft = await leave(page);
    await show(page, { count: MANY, threads: 2 });
    await leave(page);
    const seen = await page.evaluate(() => globalThis.models.size);
    if (seen !== 2) throw new Error(`expected two models ever, one of each reference, got ${seen}`);
    return { openings, openingsLeft };
  } finally {
    await page.context().close();
  }
}

/**
 * Edits the component's file while a page shows it.
 *
 * @param {string} file that has `unedited` in it
 */
export async function visitWhileEdited(browser, url, file) {
  const page = await startPage(browser, url);
  try {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('unedited', 'edited'));
    await page.locator('.digit[title=edited]:not(:empty)').waitFor({ timeout: RESULT_MS });
    const opened = await page.evaluate(() => globalThis.models?.size);
    await writeFile(file, text);
    if (opened !== 1) throw new Error(`expected the same page and model, got ${opened} models`);
  } finally {
    await page.context().close();
  }
}

async function startPage(browser, url) {
  const page = await (await browser.newContext()).newPage();
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message)); // what the server rendered is another page, say
  await page.goto(url, { timeout: RESULT_MS });
  await waitForAll(page, 1);
  if (errors.length > 0) throw new Error(`expected a page without errors, got ${errors.join()}`);
  return page;
}

/** @param {{ count: number, threads?: number }} what the app shows, two frames later */
function show(page, what) {
  return page.evaluate(async (what) => {
    globalThis.show(what);
    for (let i = 0; i < 2; i += 1) await new Promise(requestAnimationFrame);
  }, what);
}

/** @returns {Promise<number>} the models that are open when they should not be. A worker may yet store what it was given. */
async function leave(page) {
  await show(page, { count: 0 });
  await page.waitForTimeout(LEFT_MS);
  const left = await page.evaluate(async () => {
    const warm = (model) => model.warm().catch(({ code }) => code);
    const codes = await Promise.all([...globalThis.models].map(warm));
    return codes.filter((code) => code !== 'closed').length;
  });
  const lastMs = Date.now() + RESULT_MS;
  while (page.workers().length > 0) {
    if (Date.now() > lastMs) throw new Error('expected all workers to end, got one that stays');
    await page.waitForTimeout(100);
  }
  return left;
}

async function waitForAll(page, count) {
  await page.waitForFunction(
    (count) => {
      const shown = [...document.querySelectorAll('.digit')].map((digit) => digit.textContent);
      return shown.length === count && shown.every((text) => text.startsWith('1 by '));
    },
    count,
    { timeout: RESULT_MS },
  );
}
