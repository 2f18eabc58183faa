import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChartData } from '../../dashboard/charts/time-chart.js';
import { ON_CALL_PANELS, ON_CALL_QUESTIONS } from '../../dashboard/on-call/on-call.js';
import type { Table } from '../../dashboard/table/table.js';
import { formatLeft, formatMoment } from '../../dashboard/words/format.js';
import type { RollupStore } from '../store/rollup-store.js';
import { FACTS, storeOf } from '../testing/fleet-store.js';
import { type Page, pageAnswers, pageOf } from '../testing/page-answers.js';
import { DEVICES, FRIDAY_MS, seededFleet, THURSDAY, THURSDAY_MS } from '../testing/seeded-fleet.js';

const HOUR_MS = 3_600_000;
const HOURLY_RUNS = 2 * DEVICES * 10;
const RUNS = 24 * HOURLY_RUNS;
const FAILED = 24 * DEVICES;

let store: RollupStore;
let page: Page;

beforeAll(async () => {
  store = await seededFleet();
  page = await thursday();
}, 60_000);
afterAll(() => store.close());

function thursday(more = ''): Promise<Page> {
  return pageOf(store, ON_CALL_PANELS, ON_CALL_QUESTIONS, {
    search: THURSDAY + more,
    nowMs: FRIDAY_MS + HOUR_MS,
    facts: FACTS,
  });
}

test('each figure on top stands beside the day before', () => {
  const { columns, rows } = page.values('figures');
  expect(columns).toEqual(['Figure', 'Now', 'Before']);
  expect(rows.slice(0, 2)).toEqual([
    ['Runs', RUNS, RUNS],
    ['Success', 1 - FAILED / RUNS, 1],
  ]);
  const [, , p50, p95, , queue, cache, devices] = rows;
  // within the sketch's bound
  expect(p50?.[1]).toBeCloseTo(10, -0.5);
  expect(Math.abs((p95?.[1] as number) / 80 - 1)).toBeLessThan(0.0434);
  expect(Math.abs((p95?.[2] as number) / 40 - 1)).toBeLessThan(0.0434);
  expect(queue).toEqual(['Queue P95', null, null]);
  expect(cache).toEqual(['From the cache', 1, 1]);
  expect(devices).toEqual(['Devices', 2 * DEVICES, 2 * DEVICES]);
});

test('a chosen version stands beside the one before it, and a segment is looked at alone', async () => {
  const whole = `?from=${new Date(FRIDAY_MS - 96 * HOUR_MS).toISOString()}&to=${new Date(FRIDAY_MS).toISOString()}`;
  const ofVersion = await pageOf(store, ON_CALL_PANELS, ON_CALL_QUESTIONS, {
    search: `${whole}&version=1.1.0&segment=device:phone`,
    nowMs: FRIDAY_MS + HOUR_MS,
    facts: FACTS,
  });
  const { columns, rows } = ofVersion.values('figures');
  expect(columns).toEqual(['Figure', 'Now', 'Before', '1.0.0']);
  expect(rows.slice(0, 2)).toEqual([
    ['Runs', RUNS, null, RUNS],
    ['Success', 1 - FAILED / RUNS, null, 1],
  ]);
  const names = ofVersion.values('latency').columns;
  expect(names).toEqual(['Time', 'P95 of 1.0.0', 'P99', 'P95', 'P50']);
});

test('charts have a value for each step, beside the day before', () => {
  const { columns, rows } = page.values('success');
  expect(columns).toEqual(['Time', 'success before', 'success']);
  expect(rows).toHaveLength(96);
  expect(rows[0]).toEqual(['2026-03-05T00:00:00.000Z', 1, 1 - FAILED / RUNS]);
  // devices of this fleet report in the first quarter of an hour
  expect(rows[1]).toEqual(['2026-03-05T00:15:00.000Z', null, null]);
  expect(page.values('runs').rows[0]).toEqual(['2026-03-05T00:00:00.000Z', HOURLY_RUNS]);
});

async function chartOf(id: string, search: string, of = store): Promise<ChartData> {
  const about = { search, nowMs: FRIDAY_MS + HOUR_MS, facts: FACTS };
  const { answers, moment } = await pageAnswers(of, ON_CALL_QUESTIONS, about);
  const panel = ON_CALL_PANELS.find((one) => one.id === id);
  return panel?.chart?.data(answers as never, { answers, moment, lane: [] }) as ChartData;
}

test('a legend has the figures of the whole range, and names it', async () => {
  const wholeOf = ({ series }: ChartData) =>
    Object.fromEntries(series.map(({ label, whole }) => [label, whole]));
  const success = await chartOf('success', THURSDAY);
  expect(wholeOf(success)).toEqual({ 'success before': 1, success: 1 - FAILED / RUNS });
  expect(success.about).toBe(`${formatMoment(THURSDAY_MS)} – ${formatMoment(FRIDAY_MS)}`);
  expect((await chartOf('success', '?range=30d')).about).toBe('30 days');
  expect(wholeOf(await chartOf('runs', THURSDAY))).toEqual({ '1.1.0': RUNS });
  const bands = await chartOf('bands', THURSDAY);
  expect(wholeOf(bands)).toEqual({ failed: 0.05, poor: 0, fair: 0, good: 0.95 });
  expect(bands.about).toMatch(/^11,520 runs, /);
  const reports = await chartOf('reports', THURSDAY);
  expect(wholeOf(reports)).toEqual({ reported: 2 * DEVICES });
  expect(reports.about).toMatch(/^mean of /);
});

test('the period before is a faint band, and a plot without a bad run says that all were good', async () => {
  const { series } = await chartOf('latency', THURSDAY);
  expect(series.map(({ label, look }) => [label, look])).toEqual([
    ['P95 before', 'band'],
    ['P99', undefined],
    ['P95', undefined],
    ['P50', undefined],
  ]);
  const wednesday = `?from=${new Date(THURSDAY_MS - 24 * HOUR_MS).toISOString()}&to=${new Date(THURSDAY_MS).toISOString()}`;
  expect((await chartOf('bands', wednesday)).none).toBe('Only good runs');
  expect((await chartOf('bands', THURSDAY)).none).toBe(undefined);
});

test('where every run failed, no chart says that nothing ran, and a budget is overspent in words', async () => {
  const failing = await storeOf([{ atMs: THURSDAY_MS, g: 1, ok: 0, failed: 20 }]);
  expect((await chartOf('latency', THURSDAY, failing)).none).toBe('No run had a result');
  expect((await chartOf('latency', THURSDAY)).none).toBe(undefined);
  const about = { search: THURSDAY, nowMs: FRIDAY_MS + HOUR_MS, facts: FACTS };
  const failed = await pageOf(failing, ON_CALL_PANELS, ON_CALL_QUESTIONS, about);
  expect(failed.cells('figures').rows[1]?.[1]?.detail).toBe('of 20 runs');
  const budget = ON_CALL_PANELS.find(({ id }) => id === 'budget');
  expect(budget?.gist?.(failed.cells('budget'))).toBe('99.90% succeed: spent 1,000 times over');
  await failing.close();
});

test.each([
  [1, '100%'],
  [0.4, '40%'],
  [0, '0%'],
  [-0.2, 'overspent by 20.0%'],
  [-1, 'spent 2 times over'],
  [-1.5, 'spent 2.5 times over'],
  [-999, 'spent 1,000 times over'],
  [-9999, 'spent over 1,000 times'],
])('%d of a budget is left: %s', (left, words) => {
  expect(formatLeft(left)).toBe(words);
});

test('the heat map has each result in the row of its time, and the bands of the target each run', () => {
  const { columns, rows } = page.values('heat-map');
  expect(rows).toHaveLength(24);
  const counts = rows[0]?.slice(1) as number[];
  expect(counts.reduce((sum, n) => sum + n, 0)).toBe(DEVICES * 19);
  const row = (n: number) => columns[counts.indexOf(n) + 1];
  expect(row(DEVICES * 10)).toBe('8.00 ms to 11.3 ms');
  expect(row(DEVICES * 9)).toBe('64.0 ms to 90.5 ms');
  const heatMap = ON_CALL_PANELS.find(({ id }) => id === 'heat-map');
  expect(heatMap?.gist?.(page.cells('heat-map'))).toBe('most often 8.00 ms to 11.3 ms');
  const bands = page.values('bands');
  expect(bands.columns).toEqual(['Time', 'failed', 'poor', 'fair', 'good']);
  expect(bands.rows[0]?.slice(1)).toEqual([0.05, 0, 0, 0.95]);
});

test('devices that report stand beside those that were to be expected, which in a first week are not known', () => {
  const { rows } = page.values('reports');
  expect(rows).toHaveLength(24);
  const [at, low, expected, received] = rows[5] ?? [];
  expect(at).toBe(new Date(THURSDAY_MS + 5 * HOUR_MS).toISOString());
  expect([low, expected, received]).toEqual([null, null, 2 * DEVICES]);
});

test('versions have their figures with intervals', () => {
  const [row] = page.cells('versions').rows;
  const success = 1 - FAILED / RUNS;
  expect(row?.[0]).toMatchObject({ text: '1.1.0' });
  expect(row?.[6]).toMatchObject({ value: RUNS });
  expect(row?.[7]).toMatchObject({ value: success, interval: { n: RUNS } });
  expect(row?.[7]?.interval?.low).toBeLessThanOrEqual(success);
});

test('each version has its state, the act and the verdict that it got last, and the time that one needs', () => {
  const at = (day: number, version: string, state: string, toBps?: number) => ({
    atMs: Date.UTC(2026, 2, day),
    version,
    state,
    rollout: toBps ? { fromBps: 0, toBps } : null,
  });
  const rollout = {
    experiment: 'a',
    isOver: false,
    mayStep: false,
    devices: { canary: 60, control: 58 },
    guardrails: [],
    parts: [],
  };
  const hold = { verdict: 'hold', because: ['slow-runs'], times: 2, hours: 70 };
  const answers = {
    latency: { versions: [{ version: '1.2.0', count: 9, adoption: 0.9 }], suppressed: 0 },
    releases: {
      over: ['1.2.1', '1.1.0'],
      events: [
        at(1, '1.0.0', 'stable'),
        at(2, '1.1.0', 'canary', 500),
        at(3, '1.1.0', 'revoked'),
        at(4, '1.2.0', 'canary', 500),
        at(5, '1.2.0', 'stable'),
        at(5, '1.2.1', 'canary', 500),
        at(6, '1.3.0', 'canary', 100),
        at(7, '1.3.0', 'canary', 500),
        at(8, '1.3.1', 'shadow', 500),
        at(9, '1.4.0', 'shadow', 1000),
      ],
    },
    canary: {
      plans: [{ share: 0.25, hours: 14 }],
      rollouts: [
        { ...rollout, version: '1.3.0', mayStep: true, verdict: hold },
        { ...rollout, version: '1.1.0', isOver: true, verdict: hold },
      ],
    },
    findings: { verdicts: [{ version: '1.1.0', experiment: 'a', verdict: 'roll-back' }] },
  };
  const panel = ON_CALL_PANELS.find(({ id }) => id === 'versions');
  const table = panel?.table(answers as never, { answers } as never) as Table;
  const wordsOf = (cells: Table['rows'][number]) =>
    cells.slice(0, 6).map(({ text, aside }) => [text, aside].filter(Boolean).join(' · '));
  const when = (day: number) => formatMoment(Date.UTC(2026, 2, day));
  expect(table.rows.map(wordsOf)).toEqual([
    ['1.4.0', 'shadow at 10%', '–', `runs beside, on 10% of devices · ${when(9)}`, '', '–'],
    ['1.3.1', 'shadow, over', '–', `runs beside, on 5% of devices · ${when(8)}`, '', '–'],
    [
      '1.3.0',
      'canary at 5%',
      '–',
      `goes to 5% of devices · ${when(7)}`,
      'may widen · not sure yet of slow runs',
      'about 3 days',
    ],
    ['1.2.1', 'canary, over', '–', `goes to 5% of devices · ${when(5)}`, '', '–'],
    ['1.2.0', 'for all', '90.0%', `goes to all devices · ${when(5)}`, '', '–'],
    ['1.1.0', 'taken back', '–', `is taken back · ${when(3)}`, 'roll back', '–'],
    ['1.0.0', 'replaced', '–', `goes to all devices · ${when(1)}`, '', '–'],
  ]);
  expect(table.rows[2]?.[5]?.value).toBe(70);
  expect(table.note).toMatch(/takes about 14 hours at 25% of devices\.\n\nOf devices: /);
  expect(panel?.gist?.(table)).toBe(
    '1.4.0, shadow at 10%; 1.3.1, shadow, over; 1.3.0, canary at 5%, may widen',
  );
});

test('phones carry all of the change in failures, and most of that in time', () => {
  const failed = page.values('parts-failed').rows.filter(([name]) => name !== '1.1.0');
  const phone = failed.find(([name]) => name === 'phone');
  expect(phone?.slice(1)).toEqual([0.1, 0, 0.5, 1]);
  expect(failed.find(([name]) => name === 'desktop-large')?.[4]).toBe(0);
  expect(failed.map(([name]) => name)).toEqual(
    expect.arrayContaining(['onnx-wasm', '0.1.0', '2026.3']),
  );
  const { columns, rows } = page.values('parts-time');
  expect(rows[0]).toEqual(['Worse: 25.0 ms before, 43.2 ms now (+18.2 ms on average).']);
  expect(rows[1]?.slice(0, 3)).toEqual(['phone', 80, 40]);
  expect(columns.at(-1)).toBe('Of the rise');
  expect(page.cells('parts-time').rows[1]?.at(-1)).toMatchObject({ tone: 'alarm' });
});

test('only what became worse is coloured, and parts with less than one in a hundred runs are left out', () => {
  const tableOf = (now: number, before: number): Table => {
    const part = (value: string, weight: number) =>
      ({ dimension: 'device', value, now, before, weight, share: 1 }) as const;
    const change = { now, before, parts: [part('phone', 0.8), part('watch', 0.009)] };
    const panel = ON_CALL_PANELS.find(({ id }) => id === 'parts-failed');
    return panel?.table({ parts: { failed: change } } as never, {} as never) as Table;
  };
  const worse = tableOf(0.02, 0.01);
  expect(worse.rows[0]?.[0]).toMatchObject({
    text: expect.stringMatching(/^Worse: 1\.0% before, 2\.0% now/),
    tone: 'alarm',
  });
  expect(worse.rows.slice(1).map(([name]) => name?.text)).toEqual(['phone']);
  expect(worse.rows[1]?.at(-1)).toMatchObject({ text: '100%', tone: 'alarm' });
  const better = tableOf(0.01, 0.02);
  expect(better.rows[0]?.[0]?.text).toMatch(/^Better: 2\.0% before, 1\.0% now/);
  expect(better.rows.flat().some(({ tone }) => tone === 'alarm')).toBe(false);
  expect(tableOf(0.01, 0.0101)).toMatchObject({
    rows: [],
    none: 'Hardly changed: 1.0% before, 1.0% now.',
  });
});

test('errors, opens and the budget are counted', () => {
  expect(page.values('errors').rows).toEqual([['deadline', FAILED, FAILED / RUNS, 0]]);
  const [network, fromStore] = page.values('opens').rows;
  expect(network?.slice(0, 3)).toEqual(['network', 0, 0]);
  expect(fromStore?.slice(0, 3)).toEqual(['store', 24 * 2 * DEVICES, 1]);
  // 4 days of runs, of which one in a thousand may fail
  const [success, latency] = page.values('budget').rows;
  expect(success).toEqual([
    '99.90% succeed',
    (4 * RUNS) / 1000,
    FAILED,
    1 - FAILED / ((4 * RUNS) / 1000),
  ]);
  expect(latency).toEqual([
    '95.0% within 200 ms',
    Number((0.05 * (4 * RUNS - FAILED)).toPrecision(6)),
    0,
    1,
  ]);
});

test('without a rollout there is none, and what happened has the first reports of versions', () => {
  expect(page.cells('rollouts')).toMatchObject({
    rows: [],
    none: 'There is no canary: no version is rolled out to a part of the devices.',
  });
});

test('every panel of the view says something of that day, or why not', () => {
  for (const panel of ON_CALL_PANELS) {
    const { rows, none } = page.cells(panel.id);
    expect(rows.length > 0 || none.endsWith('.'), panel.id).toBe(true);
  }
});
