import { readFile } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { test } from './cleared-page.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveFixture } from './serve-fixture.js';

interface HeldOut {
  readonly names: readonly string[];
  readonly rows: readonly { readonly label: string; readonly values: readonly number[] }[];
}

let site: Awaited<ReturnType<typeof serveBarePage>>;
let model: Awaited<ReturnType<typeof serveFixture>>;
let heldOut: HeldOut;

test.beforeAll(async () => {
  site = await serveBarePage();
  model = await serveFixture('breast-cancer', { among: 'models' });
  heldOut = JSON.parse(await readFile(`${root}models/breast-cancer/held-out.json`, 'utf8'));
});

test.afterAll(async () => {
  await Promise.all([site.close(), model.close()]);
});

test.beforeEach(async ({ page }) => {
  await gotoBarePage(page, site.url);
});

const REPORTS = '/reports';

async function openModel(page: Page, options: object = {}): Promise<void> {
  await page.evaluate(
    async ({ address: { url, trust }, options, heldOut, reports }) => {
      const scope = globalThis as Scope;
      const report = new URL(reports, location.href).href;
      const task = 'tabular-classification';
      scope.model = await scope.nearside.open(url, { trust, task, report, ...options });
      scope.records = heldOut.rows.map(({ values }) =>
        Object.fromEntries(heldOut.names.map((name, i) => [name, values[i]])),
      );
    },
    { address: model.address, options, heldOut, reports: REPORTS },
  );
}

test('of the held-out rows at least 95 % are decided right, and 95 % of the malignant ones', async ({
  page,
}) => {
  await openModel(page);
  const decided = await page.evaluate(async () => {
    const { model, records } = globalThis as Scope;
    const labels = [];
    for await (const { output } of model.score(records)) labels.push(output[0].label);
    return labels;
  });
  const right = heldOut.rows.filter(({ label }, i) => decided[i] === label);
  const malignant = heldOut.rows.filter(({ label }) => label === 'malignant');
  const found = right.filter(({ label }) => label === 'malignant');
  expect(right.length / heldOut.rows.length).toBeGreaterThanOrEqual(0.95);
  expect(found.length / malignant.length).toBeGreaterThanOrEqual(0.95);
});

test('a feature that is left out or no number has its default, which the report counts', async ({
  page,
}) => {
  const reports: { inputs?: object[] }[] = [];
  await page.route(`**${REPORTS}`, (route) => {
    reports.push(route.request().postDataJSON());
    return route.fulfill({ status: 204 });
  });
  await openModel(page);
  const labels = await page.evaluate(async () => {
    const { model, records } = globalThis as Scope;
    const [record] = records;
    const { 'mean radius': _, ...without } = record;
    const outputs = [record, without, { ...record, 'mean texture': Number.NaN }].map((input) =>
      model.run(input),
    );
    const labels = (await Promise.all(outputs)).map(({ output }: Scope) => output[0].label);
    await model.close();
    return labels;
  });
  expect(new Set(labels).size).toBe(1);
  await expect.poll(() => reports.length).toBeGreaterThan(0);
  // By place in the signed list, `mean radius` and `mean texture`: [place, missing, stale, invalid].
  expect(reports[0]?.inputs).toEqual([
    [0, 1, 0, 0],
    [1, 0, 0, 1],
  ]);
});

test('what a page has it remember is there in the next visit, until it is cleared', async ({
  page,
}) => {
  const run = async (given: string) =>
    page.evaluate(async (given) => {
      const { model, records, nearside } = globalThis as Scope;
      const [record] = records;
      const { 'mean radius': radius, ...without } = record;
      if (given === 'remembered first') await model.remember({ 'mean radius': radius });
      if (given === 'cleared first') await nearside.clear({ model: 'breast-cancer' });
      const outputs = [record, without].map((input) => model.run(input));
      const scores = (await Promise.all(outputs)).map(({ output }: Scope) => output[0].score);
      await model.close();
      return scores[0] === scores[1];
    }, given);
  await openModel(page);
  expect(await run('')).toBe(false); // the default is another
  await openModel(page);
  expect(await run('remembered first')).toBe(true);
  await openModel(page);
  expect(await run('cleared first')).toBe(true); // as long as it is open
  await openModel(page);
  expect(await run('')).toBe(false);
});

test('what is no record is refused by the name of its field, and the next good call succeeds', async ({
  page,
}) => {
  await openModel(page);
  const seen = await page.evaluate(async () => {
    const { model, records } = globalThis as Scope;
    const bad = [{ radius: 3 }, {}, [1, 2], 'text', null];
    const codes = [];
    for (const input of bad) {
      codes.push(
        await model.run(input).then(
          () => 'fine',
          ({ code, message }: Scope) => `${code}: ${message.slice(0, 60)}`,
        ),
      );
    }
    return { codes, next: (await model.run(records[0])).output.length };
  });
  expect(seen.codes[0]).toMatch(/^input-invalid: .*only mean radius/);
  for (const code of seen.codes) expect(code).toMatch(/^input-invalid: /);
  expect(seen.next).toBe(2);
});

test('a model of another task than the page asks for is refused, before its weights are fetched', async ({
  page,
}) => {
  const fetched: string[] = [];
  page.context().on('request', (request) => fetched.push(request.url()));
  await expect(openModel(page, { task: 'image-classification' })).rejects.toThrow(
    "expected a model of task 'image-classification', as `open` was told, got one of 'tabular-classification'",
  );
  expect(fetched.some((url) => url.startsWith(model.address.url.replace(/[^/]*$/, '')))).toBe(true);
  expect(fetched.filter((url) => url.includes('/chunks/'))).toEqual([]);
});

test('a page that has moved on to another task gets the version of it, also where the old one is on the device', async ({
  page,
}) => {
  const moving = await serveFixture('breast-cancer', {
    among: 'models',
    edit(spec) {
      if (spec.version !== '2.0.0') return;
      Object.assign(spec, { task: 'tensors', preprocessing: [], postprocessing: [] });
      delete spec.features;
    },
  });
  const open = (task: string) =>
    page.evaluate(
      async ({ address: { url, trust }, task }) => {
        const { nearside } = globalThis as Scope;
        const policy = { update: 'manual' };
        const model = await nearside.open(url, { trust, task, policy });
        const { version, opening } = model.stats();
        await model.close();
        return `${version} from ${opening.origin}`;
      },
      { address: moving.address, task },
    );
  expect(await open('tabular-classification')).toBe('1.0.0 from network');
  expect(await open('tabular-classification')).toBe('1.0.0 from store');
  await expect(open('tensors')).rejects.toThrow("got one of 'tabular-classification'");
  await moving.release('2.0.0', 2);
  expect(await open('tensors')).toBe('2.0.0 from network');
  await moving.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what pages and reports hold
type Scope = any;
