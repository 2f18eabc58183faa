import { type Browser, expect, type Page, test } from '@playwright/test';
import { gotoBarePage } from './serve-bare-page.js';
import { serveForTests } from './serve-for-tests.js';

const served = serveForTests();

test('the performance panel gets the opening by step and each run by part, as long as their facts say, and nothing without the call', async ({
  browser,
  page,
}) => {
  await gotoBarePage(page, served.site.url);
  const { visit, entries } = await recordVisit(browser, page);
  expectTrack(entries, visit);
  expect(visit.kept).toEqual([]);
});

test('where console.timeStamp takes no times measures are drawn instead, and none is kept but the page’s own', async ({
  browser,
  page,
}) => {
  await page.addInitScript(() => {
    Reflect.deleteProperty(Navigator.prototype, 'userAgentData');
    performance.measure('queue', { start: 0, end: 1 });
  });
  await gotoBarePage(page, served.site.url);
  const { visit, entries } = await recordVisit(browser, page);
  expectTrack(entries, visit);
  expect(visit.kept).toEqual(['queue']);
});

type Visit = Awaited<ReturnType<typeof visit>>;

/** One run before the call, two runs and a refused one with the track, and one after it was stopped. */
async function visit(page: Page) {
  return page.evaluate(async ({ url, trust }) => {
    const { nearside, showInDevTools, one } = globalThis as Scope;
    const model = await nearside.open(url, { trust, backend: 'onnx-wasm' });
    await model.run(one());
    const stop = showInDevTools(model);
    const runs = [];
    for (const _ of [1, 2]) runs.push((await model.run(one())).meta);
    const refusal = await model.run(new Blob(['no picture'])).catch((error: Scope) => error.code);
    stop();
    await model.run(one());
    const { opening, model: name } = model.stats();
    const kept = performance.getEntriesByType('measure').map(({ name }) => name);
    await model.close();
    return { runs, refusal, opening, name, kept };
  }, served.digits.address);
}

async function recordVisit(browser: Browser, page: Page) {
  await browser.startTracing(page, { categories: ['devtools.timeline', 'blink.user_timing'] });
  const visited = await visit(page);
  const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
  return { visit: visited, entries: entriesOf(traceEvents) };
}

interface Drawn {
  readonly label: string;
  readonly track: string;
  readonly startMs: number;
  readonly lengthMs: number;
  readonly colour: string;
}

/** Entries of the group `Nearside`, whichever interface drew them. */
function entriesOf(events: readonly Scope[]): Drawn[] {
  const endOf = ({ name, id2 }: Scope, at: number) =>
    events
      .slice(at)
      .find((event) => event.ph === 'e' && event.name === name && event.id2.local === id2.local);
  return events.flatMap((event, at): Drawn[] => {
    const { name, ph, ts, args } = event;
    if (name === 'TimeStamp' && args.data.trackGroup === 'Nearside') {
      const { name: label, track, start, end, color } = args.data;
      return [asDrawn({ label, track, color, start, end })];
    }
    if (ph !== 'b' || !name.startsWith('Nearside: ')) return [];
    const { devtools } = JSON.parse(args.detail);
    expect(devtools.trackGroup).toBe('Nearside');
    const label = name.slice('Nearside: '.length);
    return [asDrawn({ ...devtools, label, start: ts, end: endOf(event, at)?.ts })];
  });
}

/** @param entry with microseconds of the trace's clock */
function asDrawn({ label, track, color, start, end }: Scope): Drawn {
  return { label, track, colour: color, startMs: start / 1000, lengthMs: (end - start) / 1000 };
}

/** Each fact is drawn once, as long as it says, and nothing else is drawn but the run that was refused. */
function expectTrack(entries: readonly Drawn[], { runs, refusal, opening, name }: Visit): void {
  expect(new Set(entries.map(({ track }) => track))).toEqual(new Set([name]));
  const isRefused = ({ label }: Drawn) => label.endsWith(`: ${refusal}`);
  expect(entries.filter(isRefused).map(({ colour }) => colour)).toEqual(['error']);
  const left = entries.filter((drawn) => !isRefused(drawn));
  const take = (label: string, lengthMs: number) => {
    const isIt = (drawn: Drawn) =>
      drawn.label === label && Math.abs(drawn.lengthMs - lengthMs) < CLOCK_MS;
    const at = left.findIndex(isIt);
    if (lengthMs > 0) expect(at, `${label} of ${lengthMs} ms`).not.toBe(-1);
    return lengthMs > 0 ? left.splice(at, 1) : [];
  };
  const steps: [string, number][] = Object.entries(opening.steps);
  expectInside(
    take(`open (${opening.origin})`, opening.totalMs),
    steps.flatMap((step) => take(...step)),
  );
  for (const { id, queueMs, preMs, runMs, postMs } of runs) {
    const parts = { queue: queueMs, pre: preMs, run: runMs, post: postMs };
    const whole = take(`run ${id}`, queueMs + preMs + runMs + postMs);
    expectInside(
      whole,
      Object.entries(parts).flatMap((part) => take(...part)),
    );
  }
  expect(left).toEqual([]);
}

/** Both clocks are read to 5 µs in an isolated page, and a trace has whole microseconds, ms. */
const CLOCK_MS = 0.02;

function expectInside([whole]: readonly Drawn[], parts: readonly Drawn[]): void {
  const endMs = (drawn: Drawn | undefined) => (drawn ? drawn.startMs + drawn.lengthMs : Number.NaN);
  for (const part of parts) {
    expect(part.startMs).toBeGreaterThan((whole?.startMs ?? Number.NaN) - CLOCK_MS);
    expect(endMs(part)).toBeLessThan(endMs(whole) + CLOCK_MS);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what the page has on its global scope, and events of a trace
type Scope = any;
