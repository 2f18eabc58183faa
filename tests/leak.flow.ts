import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { startCollectorIn } from '../scripts/stack.mjs';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveFixture } from './serve-fixture.js';

/** What only inputs, labels, truths, errors and the model's own names hold, here. */
const MARKERS = [
  'MARKER-TEXT', // a feature's value that is none
  '13.3371337', // a feature's value
  'MARKER-ERROR', // what the app's own function throws
  'MARKER-LABEL', // a label that feedback names
  'benign',
  'malignant',
  'mean radius',
  'worst concavity',
  'MARKER-REASON', // why the caller left
  'MARKER-PARENT', // where a trace's context should be
];

/** Sixteen pixels in a row, and the same as text, however bytes may be written. */
const PIXELS = Array.from({ length: 16 }, (_, i) => 17 + ((i * 53) % 211));

/** An outcome's name is the app's own declaration, and is sent. */
const DECLARED = 'declared-outcome';

let dir: string;
let site: Awaited<ReturnType<typeof serveBarePage>>;
let table: Awaited<ReturnType<typeof serveFixture>>;
let digits: Awaited<ReturnType<typeof serveDigits>>;
let record: Record<string, number>;

test.beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nearside-leak-'));
  // Traces are kept of models that the collector knows, and these come before the first report.
  const models = [{ model: 'breast-cancer', versions: [] }];
  await writeFile(join(dir, 'models.json'), JSON.stringify({ format: 1, models }));
  site = await serveBarePage();
  table = await serveFixture('breast-cancer', { among: 'models' });
  digits = await serveDigits();
  const heldOut = JSON.parse(
    await readFile(`${root}models/breast-cancer/held-out.json`, 'utf8'),
  ) as { names: string[]; rows: { values: number[] }[] };
  const values = heldOut.rows[0]?.values ?? [];
  record = Object.fromEntries(heldOut.names.map((name, i) => [name, values[i] as number]));
});

test.afterAll(async () => {
  await Promise.all([site.close(), table.close(), digits.close()]);
  await rm(dir, { recursive: true });
});

test('no byte that leaves the browser, and none that the collector stores, holds an input, a label, a name or an error’s text', async ({
  page,
}) => {
  const collector = await startCollectorIn(dir, 0);
  const left = listen(page);
  await gotoBarePage(page, site.url);
  const reports = { to: `${collector.url}/v1/reports`, traceRate: 1 };
  const { kept, drift } = await useWithMarkers(page, reports);
  // The last one is of the open that failed.
  await expect.poll(() => left.some(({ body }) => body.includes('model-not-found'))).toBe(true);
  const get = async (path: string) => (await fetch(`${collector.url}${path}`)).text();
  const ofTraces = '/v1/fleet/traces?model=breast-cancer';
  // What was sent is stored soon after.
  await expect.poll(() => get(ofTraces)).toContain('"error.type"');
  const traces = await get(ofTraces);
  const metrics = await get('/metrics');
  await collector.close();

  const sent = left.map(({ url, headers, body }) =>
    Buffer.concat([Buffer.from(`${url} ${headers} `), body]),
  );
  const stored = await Promise.all((await readdir(dir)).map((name) => readFile(join(dir, name))));
  expect(stored.length).toBeGreaterThan(0);
  const reported = Buffer.concat(sent).toString('latin1');
  expect(reported).toContain(DECLARED);
  expect(reported).toContain('"feedback"');
  expect(reported).toContain('"inputs"');
  expect(reported).toContain('"resourceSpans"');
  expect(reported).toContain('"opens":{"tried":1,"failed":{"model-not-found":1}}');
  for (const bytes of [...sent, ...stored, Buffer.from(metrics + traces)])
    expect(leaked(bytes)).toEqual([]);
  // What stays here has them: they would be seen.
  expect(leaked(Buffer.from(kept.join()))).toEqual(
    expect.arrayContaining(['MARKER-TEXT', '13.3371337', 'mean radius', base64Of(PIXELS)]),
  );
  expect(drift).toContain('feature:mean radius');
});

test('with an address alone counts and histograms leave, and no trace of a single run', async ({
  page,
}) => {
  const collector = await startCollectorIn(dir, 0);
  const left = listen(page);
  await gotoBarePage(page, site.url);
  await page.evaluate(
    async ({ address: { url, trust }, report, record }) => {
      const { open } = (globalThis as Scope).nearside;
      const model = await open(url, { trust, report });
      // With `traceRate` the first five of those that fail would have traces.
      for (let i = 0; i < 100; i += 1) {
        await model.run(record, i % 10 === 0 ? { timeoutMs: 0.001 } : {}).catch(() => {});
      }
      await model.close();
    },
    { address: table.address, report: `${collector.url}/v1/reports`, record },
  );
  const reported = () => left.some(({ body }) => body.includes('"latency"'));
  await expect.poll(reported).toBe(true);
  await collector.close();
  const traces = left.filter(({ body }) => body.includes('"resourceSpans"'));
  expect(traces.map(({ url }) => url)).toEqual([]);
});

/** Every request of the page and its workers. */
function listen(page: Page) {
  const left: { url: string; headers: string; body: Buffer }[] = [];
  page.on('request', (request) => {
    left.push({
      url: request.url(),
      headers: JSON.stringify(request.headers()),
      body: request.postDataBuffer() ?? Buffer.alloc(0),
    });
  });
  return left;
}

/**
 * Two models, and everything that is told of them, with a marker wherever something of a person could be. All inputs are
 * captured.
 *
 * @returns what stays on the device: exported inputs, and the names of what drift is told of
 */
async function useWithMarkers(
  page: Page,
  report: { to: string; traceRate: number },
): Promise<{ kept: string[]; drift: string[] }> {
  return page.evaluate(
    async ({ table, digits, record, pixels, report, declared }) => {
      const { open } = (globalThis as Scope).nearside;
      const fallback = () => {
        throw new Error('MARKER-ERROR');
      };
      const capture = { redact: (input: unknown) => input };
      const captured = async ({ capture }: Scope) => (await capture.export()).text();
      const model = await open(table.url, { trust: table.trust, report, fallback, capture });
      const { 'mean radius': _, ...without } = record;
      const runs = [
        { ...record, 'mean radius': 13.3371337 },
        without,
        { ...record, 'mean texture': Number.NaN },
      ];
      const ids = [];
      for (const input of runs) ids.push((await model.run(input)).meta.id);
      await model.run({ ...record, 'mean radius': 'MARKER-TEXT' }).catch(() => {});
      await model.run('MARKER-TEXT').catch(() => {});
      await model.run(record, { traceparent: 'MARKER-PARENT' });
      // Until one has an error's trace: on a busy machine a result may come before its timer.
      const isInTime = () =>
        model.run(record, { timeoutMs: 0.001 }).then(
          () => true,
          () => false,
        );
      for (let tries = 1; tries < 200 && (await isInTime()); tries += 1);
      const reason = new Error('MARKER-REASON');
      await model.run(record, { signal: AbortSignal.abort(reason) }).catch(() => {});
      model.feedback(ids[0], { label: 'malignant' });
      model.feedback(ids[1], { label: 'MARKER-LABEL' });
      model.feedback('MARKER-LABEL', { label: 'benign' });
      model.outcome(declared, 7, { id: ids[0] });
      for await (const _ of model.score([record])); // what nobody waits for
      const drift = model.stats().drift.map(({ distribution }: Scope) => distribution);
      const ofTable = await captured(model);
      await model.close();

      const reader = await open(digits.url, { trust: digits.trust, report, capture });
      const data = Uint8ClampedArray.from(
        { length: 28 * 28 * 4 },
        (_, i) => pixels[i % 16] as number,
      );
      const { meta } = await reader.run(new ImageData(data, 28, 28));
      reader.feedback(meta.id, { label: 'MARKER-LABEL' });
      const ofReader = await captured(reader);
      await reader.close();
      await open(`${table.url}-missing`, { trust: table.trust, report }).catch(() => {});
      return { kept: [ofTable, ofReader], drift };
    },
    {
      table: table.address,
      digits: digits.address,
      record,
      pixels: PIXELS,
      report,
      declared: DECLARED,
    },
  );
}

/** Which of them are in bytes: as they are, in base64 at any place of three, in hex, or in a list of numbers. */
function leaked(bytes: Buffer): string[] {
  const text = bytes.toString('latin1');
  const pixels = Buffer.from(PIXELS);
  const needles = [
    ...MARKERS,
    ...[0, 1, 2].map((at) => base64Of(PIXELS, at)),
    pixels.toString('hex'),
    pixels.toString('latin1'),
    PIXELS.slice(0, 6).join(','),
  ];
  return needles.filter((needle) => text.includes(needle));
}

function base64Of(pixels: readonly number[], at = 0): string {
  return Buffer.from(pixels.slice(at)).toString('base64').slice(0, 16);
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
