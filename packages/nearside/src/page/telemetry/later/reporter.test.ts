import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createMemoryStore } from '@nearside/artifact';
import { complaintOf, createDeferred, type Report, type Store } from '@nearside/core';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SAMPLE_DIMENSIONS } from '../../../testing/sample-dimensions.js';
import type { Receiver, ReportTarget } from '../../options/plan-opening.js';
import { createReportTotals } from '../recorded.js';
import { countEnd } from './counting.js';
import { openOutbox } from './outbox.js';
import { asSubject } from './report-subject.js';
import { startReporting } from './reporting.js';
import { increment, type Tally } from './tally.js';

const MINUTE_MS = 60_000;

beforeEach(() => {
  // Only the clock is ours; everything else takes the time it takes.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-01T23:50:00Z') });
});
const closers: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

type Consent = ReportTarget['consent'];

/** Nobody listens on port 9, so that what is sealed stays in the store. */
function start(
  store: Store,
  {
    to = 'http://127.0.0.1:9/',
    sampleRate = 1,
    consent,
    model = SAMPLE_DIMENSIONS.model,
    repository = 'https://models.example/',
    app = '2026.11',
  }: {
    to?: Receiver;
    sampleRate?: number;
    consent?: Consent;
    model?: string;
    repository?: string;
    app?: string;
  } = {},
) {
  const totals = createReportTotals();
  const dropped: string[] = [];
  const reporting = startReporting(
    { receivers: [to], sampleRate, traceRate: 0, app, consent },
    {
      store,
      totals,
      address: { repository, model },
      identity: { id: '0'.repeat(32), cohort: 3 },
      onSent() {},
      onDropped: (_, reason) => dropped.push(reason),
    },
  );
  closers.push(reporting.close); // or it goes on sending in the tests of other files
  const { weight: _, ...sample } = SAMPLE_DIMENSIONS;
  const dimensions = { ...sample, model };
  return Object.assign(reporting.of(asSubject({ dimensions, baseline: undefined })), {
    reporting,
    totals,
    dropped,
  });
}

function fail(tally: Tally): void {
  increment(tally.errors, 'deadline');
}

/** As they are sent. */
async function sealedReports(store: Store): Promise<Report[]> {
  const prefixes = (await store.keys('r/')).map((key) => key.split('/')[1] ?? '');
  const outboxes = [...new Set(prefixes)].map((prefix) =>
    openOutbox(store, { receivers: [decodeURIComponent(prefix)], onDropped() {} }),
  );
  const sealed = outboxes.map(async ({ keys, get }) =>
    (await Promise.all((await keys()).map(get))).filter((report) => report !== undefined),
  );
  return (await Promise.all(sealed)).flat();
}

function open(tally: Tally): void {
  tally.opens.tried += 1;
}

/** A collector that answers when it is told to. */
async function silentCollector({ status = 204 } = {}) {
  const bodies: string[] = [];
  const { promise: answering, resolve: answer } = createDeferred<void>();
  const server = createServer(async (request, response) => {
    bodies.push(await text(request));
    await answering;
    response.writeHead(status, { 'retry-after': '60' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { to: `http://127.0.0.1:${port}/`, bodies, answer };
}

/** Something happens, and the page is hidden. */
async function useAndSeal(reporter: ReturnType<typeof start>): Promise<void> {
  reporter.count(fail);
  pass(1);
  await reporter.flush();
}

function pass(minutes: number): void {
  vi.setSystemTime(Date.now() + minutes * MINUTE_MS);
}

const firsts = async (store: Store) => (await sealedReports(store)).map(({ first }) => first);

test('a report says what it is the first of: of version and arm, by day and hour, and of failed days', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  await useAndSeal(reporter);
  await useAndSeal(reporter);
  pass(60);
  await useAndSeal(reporter);
  expect(await firsts(store)).toEqual(
    [['version-day', 'version-hour', 'arm-day', 'arm-day-failed'], undefined, ['version-hour']].map(
      (first, i) => (i < 2 ? first : expect.arrayContaining(first as string[])),
    ),
  );
});

test('two tabs are one device', async () => {
  const store = createMemoryStore();
  const tabs = [start(store), start(store)];
  for (const tab of tabs) tab.count(fail);
  pass(1);
  await Promise.all(tabs.map((tab) => tab.flush()));
  expect((await firsts(store)).filter((first) => first?.includes('version-day'))).toHaveLength(1);
});

test('a device that idles past midnight is counted on the new day', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  await useAndSeal(reporter);
  pass(9 * 60);
  await useAndSeal(reporter);
  const days = (await firsts(store)).filter((first) => first?.includes('version-day'));
  expect(days).toHaveLength(2);
});

test('a clock that is put back makes a device no second one', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  const days = async () =>
    (await firsts(store)).filter((first) => first?.includes('version-day')).length;
  await useAndSeal(reporter);
  expect(await days()).toBe(1);
  pass(-24 * 60);
  await useAndSeal(reporter);
  pass(24 * 60);
  await useAndSeal(reporter);
  expect(await days()).toBe(1);
});

test('a window that was slept through ends where something last happened, and the wake begins another', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  await reporter.flush();
  await new Promise((resolve) => setTimeout(resolve, 5)); // the store has told how long windows are
  reporter.count(fail);
  pass(3 * 60);
  reporter.count(fail);
  pass(1);
  await reporter.flush();
  const reports = await sealedReports(store);
  expect(reports.map(({ dt }) => dt)).toEqual([0, MINUTE_MS].map((ms) => expect.closeTo(ms, -2)));
  expect(reports.map(({ health }) => health.errors)).toEqual([{ deadline: 1 }, { deadline: 1 }]);
});

test('nothing is stored for sending without consent, and what waits goes with it', async () => {
  const store = createMemoryStore();
  let isGiven = true;
  const reporter = start(store, { consent: () => isGiven });
  await useAndSeal(reporter);
  expect(await sealedReports(store)).toHaveLength(1);
  isGiven = false;
  await useAndSeal(reporter);
  expect(await sealedReports(store)).toEqual([]);
  const throws = () => {
    throw new Error('no');
  };
  for (const consent of [() => Promise.reject(new Error('no')), throws]) {
    const refused = start(createMemoryStore(), { consent });
    await useAndSeal(refused);
    expect(refused.totals.sealed).toBe(0);
  }
});

test('consent that is withdrawn deletes what waits for a collector from before, and nothing of another model', async () => {
  const store = createMemoryStore();
  await useAndSeal(start(store, { to: 'http://127.0.0.1:9/old' }));
  await useAndSeal(start(store, { to: 'http://127.0.0.1:9/other', model: 'faces' }));
  await useAndSeal(start(store, { to: 'http://127.0.0.1:9/new', consent: () => false }));
  const waiting = await sealedReports(store);
  expect(waiting.map(({ dimensions }) => dimensions.model)).toEqual(['faces']);
});

test('a window that cannot be sealed is told as dropped, and as lost by the next one', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  reporter.count((tally) => tally.outcomes.set('clicked', [1, '5' as never, 25]));
  await useAndSeal(reporter);
  expect(reporter.totals.dropped).toBe(1);
  expect(reporter.dropped).toEqual(['store-failed']);
  await useAndSeal(reporter);
  const [report] = await sealedReports(store);
  expect(report?.loss).toEqual({ 'store-failed': 1 });
});

test('a window that a store did not take is told as lost by the next one', async () => {
  const store = createMemoryStore();
  let isFull = true;
  const reporter = start({
    ...store,
    async commit(change) {
      if (isFull) throw new Error('full');
      return store.commit(change);
    },
  });
  await useAndSeal(reporter);
  isFull = false;
  await useAndSeal(reporter);
  const [report] = await sealedReports(store);
  expect(report?.loss).toEqual({ 'store-failed': 1 });
});

test('the app’s own release and the weight of a sampled day are in it', async () => {
  const store = createMemoryStore();
  await useAndSeal(start(store));
  const [report] = await sealedReports(store);
  expect(report?.dimensions).toMatchObject({ app: '2026.11', weight: 1 });
});

test('a report is stored within the very turn in which a page is closed', async () => {
  const store = createMemoryStore();
  const kept: number[] = [];
  const reporter = start({
    ...store,
    commit(change) {
      kept.push(change.set?.size ?? 0);
      return store.commit(change);
    },
  });
  await reporter.flush();
  reporter.count(fail);
  reporter.leave()?.go();
  expect(kept).toEqual([2]); // the report, and how many windows there were
});

test('a page that is left sends in the same turn what it stores: the same but for when it was sent', async () => {
  const { to, bodies, answer } = await silentCollector();
  const store = createMemoryStore();
  const reporter = start(store, { to });
  await reporter.flush();
  reporter.count(fail);
  const fetching = vi.spyOn(globalThis, 'fetch');
  reporter.leave()?.go();
  expect(fetching.mock.calls.map(([, init]) => init?.keepalive)).toEqual([true]);
  await expect.poll(() => bodies).toHaveLength(1);
  const { sent: _, ...told } = JSON.parse(bodies[0] as string);
  const [{ sent: __, ...stored }] = (await sealedReports(store)) as [Report];
  expect(told).toEqual(stored);
  // Another round leaves it out while nobody has answered for it, of whichever model.
  await reporter.flush();
  await start(store, { to, model: 'faces' }).flush();
  expect(bodies).toHaveLength(1);
  answer();
  await expect.poll(() => store.keys('r/')).toEqual([]);
  expect(reporter.totals).toMatchObject({ sealed: 1, sent: 1, dropped: 0 });
});

test('consent that is withdrawn while a page’s last report is under way leaves no copy of it, though the collector fails', async () => {
  const { to, bodies, answer } = await silentCollector({ status: 503 });
  const store = createMemoryStore();
  let isGiven = true;
  const reporter = start(store, { to, consent: () => isGiven });
  await reporter.flush();
  reporter.count(fail);
  reporter.leave()?.go();
  await expect.poll(() => bodies).toHaveLength(1);
  isGiven = false;
  reporter.count(fail);
  await reporter.flush();
  expect(await store.keys('r/')).toEqual([]);
  answer();
  await expect.poll(() => reporter.totals.problem).toContain('503');
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await store.keys('r/')).toEqual([]);
});

test('what could not be stored and has arrived all the same is no loss', async () => {
  const { to, answer } = await silentCollector();
  const store = createMemoryStore();
  const commit = () => Promise.reject(new Error('full'));
  const reporter = start({ ...store, commit }, { to });
  await reporter.flush();
  reporter.count(fail);
  reporter.leave()?.go();
  answer();
  await expect.poll(() => reporter.totals.sealed).toBe(1);
  expect(reporter.leave()).toBeUndefined(); // there is nothing to tell
});

test('a claim whose report is lost makes a device missing, never twice', async () => {
  const store = createMemoryStore();
  let isFull = true;
  const reporter = start({
    ...store,
    commit: async (change) => (isFull ? Promise.reject(new Error('full')) : store.commit(change)),
  });
  await useAndSeal(reporter);
  isFull = false;
  await useAndSeal(reporter);
  expect(await firsts(store)).toEqual([undefined]);
});

test('a failed day is claimed by the first run that fails', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  reporter.count(open);
  pass(1);
  await reporter.flush();
  reporter.count(open);
  reporter.count(fail);
  await reporter.flush();
  expect(await firsts(store)).toEqual([
    ['version-day', 'version-hour', 'arm-day'],
    ['arm-day-failed'],
  ]);
});

test('what no report has told yet is told by the next: nothing was counted, or the page was left too soon', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  reporter.count(() => {});
  await reporter.flush();
  reporter.count(open);
  await reporter.flush();
  pass(5);
  await reporter.flush();
  pass(6); // a new day, and hour
  await reporter.flush();
  await reporter.flush(); // the draw of the new day is read
  reporter.count(open);
  pass(1);
  reporter.leave()?.go();
  await useAndSeal(reporter);
  expect(await firsts(store)).toEqual([
    ['version-day', 'version-hour', 'arm-day'],
    undefined,
    expect.arrayContaining(['version-hour']),
  ]);
});

test('without consent nothing is claimed', async () => {
  const store = createMemoryStore();
  let isGiven = false;
  const reporter = start(store, { consent: () => isGiven });
  await useAndSeal(reporter);
  isGiven = true;
  await useAndSeal(reporter);
  expect((await firsts(store))[0]).toContain('version-day');
});

test('models that report to different collectors share no outbox', async () => {
  const store = createMemoryStore();
  await useAndSeal(start(store, { to: 'http://127.0.0.1:9/a' }));
  await useAndSeal(start(store, { to: 'http://127.0.0.1:9/b' }));
  const prefixes = (await store.keys('r/')).map((key) => decodeURIComponent(key).slice(0, -48));
  expect(new Set(prefixes).size).toBe(2);
});

/** Cannot hand a report on until it is told to. */
function analytics() {
  const taken: (string | undefined)[] = [];
  let isUp = false;
  return {
    taken,
    start: () => {
      isUp = true;
    },
    to: ({ dimensions }: Report) => {
      if (!isUp) throw new Error('no quota');
      taken.push(dimensions.app);
    },
  };
}

test.each([
  ['at one address', 'https://models.example/'],
  ['of one name at two addresses', 'https://other.example/'],
])(
  'while models %s are open, each report goes to the function of its own',
  async (_, repository) => {
    const store = createMemoryStore();
    const [one, other] = [analytics(), analytics()];
    const first = start(store, { to: one.to, app: 'one' });
    const second = start(store, { to: other.to, app: 'other', repository });
    other.start();
    await useAndSeal(first);
    await useAndSeal(second);
    expect(other.taken).toEqual(['other']);
    one.start();
    await first.flush();
    await second.flush();
    expect([one.taken, other.taken]).toEqual([['one'], ['other']]);
  },
);

test('a report that a function did not take goes to the one that opens the same address next, and to no model of that name elsewhere', async () => {
  const store = { ...createMemoryStore(), close: async () => {} };
  const before = start(store, { to: analytics().to, app: 'before' });
  await useAndSeal(before);
  await before.reporting.close();
  const [elsewhere, after] = [analytics(), analytics()];
  elsewhere.start();
  after.start();
  await start(store, { to: elsewhere.to, repository: 'https://other.example/' }).flush();
  await start(store, { to: after.to }).flush();
  expect([elsewhere.taken, after.taken]).toEqual([[], ['before']]);
});

test('a day that is not sampled makes no report', async () => {
  const store = createMemoryStore();
  const reporter = start(store, { sampleRate: 1e-9 });
  await useAndSeal(reporter);
  expect(await sealedReports(store)).toEqual([]);
});

test('a window in which nothing happened makes no report', async () => {
  const store = createMemoryStore();
  const reporter = start(store);
  pass(60);
  await reporter.flush();
  expect(await sealedReports(store)).toEqual([]);
});

/** As far as reports are concerned, with the events that a browser would send. */
function openPage() {
  const page = new EventTarget();
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  for (const name of ['addEventListener', 'removeEventListener'] as const)
    vi.stubGlobal(name, page[name].bind(page));
  return { leave: () => page.dispatchEvent(new Event('pagehide')) };
}

test('consent that does not answer in the same turn sends nothing as a page is left', async () => {
  const { to } = await silentCollector();
  const page = openPage();
  const fetching = vi.spyOn(globalThis, 'fetch');
  for (const consent of [() => Promise.resolve(true), () => true]) {
    const reporter = start(createMemoryStore(), { to, consent });
    await reporter.flush();
    reporter.count(fail);
  }
  page.leave();
  expect(fetching).toHaveBeenCalledOnce();
});

test('at most 60 KB are under way as a page is left, most runs first over all its models; the rest waits', async () => {
  const { to } = await silentCollector();
  const page = openPage();
  const store = createMemoryStore();
  for (const runs of [3, 9, 1, 8, 2, 7, 4, 6, 5]) {
    const reporter = start(store, { to });
    await reporter.flush();
    reporter.count((tally) => {
      tally.ok = runs;
      for (let i = 0; i < 7; i += 1) increment(tally.errors, `${i}`.padEnd(1070, 'x'));
    });
  }
  const fetching = vi.spyOn(globalThis, 'fetch');
  page.leave();
  const underWay = fetching.mock.calls.map(([, init]) => String(init?.body));
  expect(underWay.map((body) => JSON.parse(body).health.ok)).toEqual([9, 8, 7, 6, 5, 4, 3]);
  expect(underWay.join('').length).toBeLessThanOrEqual(60_000);
  expect(await store.keys('r/')).toHaveLength(9);
});

test('a clock that is put back and on again leaves a window its length', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.parse('2026-03-01T12:00:00Z') });
  const store = createMemoryStore();
  const reporter = start(store);
  await reporter.flush();
  vi.advanceTimersByTime(4 * MINUTE_MS);
  pass(-60);
  reporter.count(fail);
  pass(120);
  await reporter.flush();
  expect((await sealedReports(store)).map(({ dt }) => dt)).toEqual([4 * MINUTE_MS]);
});

type Step =
  | { readonly do: 'post'; readonly worker: number; readonly batch: number; readonly runMs: number }
  /** The page handles results as they come, or none, or the device is asleep while its clocks go on or stand. */
  | { readonly do: 'pass' | 'block' | 'sleep' | 'sleep-standing'; readonly ms: number }
  | { readonly do: 'set-clock'; readonly byMs: number }
  | { readonly do: 'seal' };

const post = fc.record({
  do: fc.constant('post' as const),
  worker: fc.nat({ max: 3 }),
  batch: fc.constantFrom(1, 7, 256),
  runMs: fc.constantFrom(110, 2_000, 400_000),
});
const passing = (...kinds: ('pass' | 'block' | 'sleep' | 'sleep-standing')[]) =>
  fc.record({ do: fc.constantFrom(...kinds), ms: fc.constantFrom(0, 1, 250, 40_000, 900_000) });
const setClock = fc.record({
  do: fc.constant('set-clock' as const),
  byMs: fc.constantFrom(-86_400_000, -3_600_000, 30_000, 7_200_000),
});
const honestSteps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: post },
    { weight: 3, arbitrary: passing('pass') },
    { weight: 2, arbitrary: passing('block', 'sleep', 'sleep-standing') },
    { weight: 1, arbitrary: setClock },
    { weight: 2, arbitrary: fc.constant({ do: 'seal' as const }) },
  ),
  { minLength: 20, maxLength: 40 },
);

interface Batch {
  readonly calledMs: number;
  readonly size: number;
  runMs: number;
  endMs: number;
}

/** What a page and its pool of four do: each worker has at most two batches, one of which it runs. */
class HonestPage {
  readonly #reporter: ReturnType<typeof start>;
  readonly #workers: Batch[][] = [[], [], [], []];

  constructor(reporter: ReturnType<typeof start>) {
    this.#reporter = reporter;
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'post':
        return this.#post(step);
      case 'pass':
        return this.#pass(step.ms);
      case 'set-clock':
        vi.setSystemTime(Date.now() + step.byMs);
        return;
      case 'seal':
        return this.#reporter.flush();
      case 'block':
        vi.advanceTimersByTime(step.ms);
        return;
      case 'sleep-standing':
        vi.setSystemTime(Date.now() + step.ms);
        return;
      case 'sleep':
        for (const batches of this.#workers) delay(batches, step.ms);
        vi.advanceTimersByTime(step.ms);
    }
  }

  #post({ worker, batch, runMs }: Extract<Step, { do: 'post' }>): void {
    const batches = this.#workers[worker] as Batch[];
    if (batches.length === 2) return;
    const calledMs = performance.now();
    const beginMs = Math.max(calledMs, batches[0]?.endMs ?? 0);
    batches.push({ calledMs, size: batch, runMs, endMs: beginMs + runMs });
  }

  #pass(ms: number): void {
    const untilMs = performance.now() + ms;
    for (;;) {
      const next = this.#workers.filter((own) => own[0]).sort((a, b) => endOf(a) - endOf(b))[0];
      const batch = next?.[0];
      if (!next || !batch || batch.endMs > untilMs) break;
      vi.advanceTimersByTime(Math.max(0, batch.endMs - performance.now()));
      next.shift();
      for (let i = 0; i < batch.size; i += 1) this.#count(batch);
    }
    vi.advanceTimersByTime(Math.max(0, untilMs - performance.now()));
  }

  #count({ calledMs, size, runMs }: Batch): void {
    const times = { pre: 0, run: runMs, post: 0 };
    const reply = { output: undefined, observation: undefined, batch: size, times };
    const totalMs = performance.now() - calledMs;
    const outcome = { kind: 'ok', reply, queueMs: 0 };
    const run = { outcome, totalMs, waiting: 0, heapBytes: 0, series: undefined };
    this.#reporter.count((tally) => countEnd(tally, run as never, false));
  }
}

function endOf([first]: readonly Batch[]): number {
  return first?.endMs ?? Number.POSITIVE_INFINITY;
}

/** A clock that goes on in sleep counts it into the run under way. */
function delay(batches: readonly Batch[], ms: number): void {
  const running = batches.find(({ endMs }) => endMs > performance.now());
  if (running) running.runMs += ms;
  for (const batch of batches) if (batch.endMs > performance.now()) batch.endMs += ms;
}

test('whatever pools, blocked pages, sleep and wrong clocks do, no honest window is refused, and none loses anything', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.parse('2026-03-01T23:50:00Z') });
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(honestSteps, async (steps) => {
      const store = createMemoryStore();
      const reporter = start(store);
      const page = new HonestPage(reporter);
      await reporter.flush(); // the day is read
      for (const step of steps) await page.take(step);
      await reporter.flush();
      const reports = await sealedReports(store);
      expect(reports.map(complaintOf).filter((complaint) => complaint)).toEqual([]);
      expect(reports.filter(({ loss }) => loss?.['too-large'])).toEqual([]);
      runs += reports.reduce((sum, { health }) => sum + health.ok, 0);
    }),
    { numRuns: 40 },
  );
  expect(runs).toBeGreaterThan(10_000);
});
