import { join } from 'node:path';
import { createHistogram, merge, type Report, total } from '@nearside/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUCKET_MS, contributionOf, HOUR_MS } from './contribution.js';
import { DAY_MS, utcDay } from './days.js';
import { RETENTION, type RollupStore } from './rollup-store.js';
import { openSqliteRollupStore } from './sqlite/sqlite-rollup-store.js';
import { NOW_MS, sampleReport } from './testing/sample-report.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const folder = temporaryFolder();
let files = 0;

/** Every store there is: each must behave the same. */
const STORES: readonly { name: string; open: () => Promise<RollupStore> }[] = [
  { name: 'SQLite in memory', open: async () => openSqliteRollupStore(':memory:') },
  {
    name: 'SQLite in a file',
    open: async () => {
      files += 1;
      return openSqliteRollupStore(join(folder, 'made', 'on', 'demand', `${files}.sqlite`));
    },
  },
];

describe.each(STORES)('$name', ({ open }) => {
  let store: RollupStore;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  const add = (report: Report, nowMs = NOW_MS) => store.add(contributionOf(report, nowMs));
  const cells = (range: { fromMs?: number; toMs?: number; stepMs?: number } = {}) =>
    store.cells({
      model: 'digits',
      fromMs: 0,
      toMs: NOW_MS + DAY_MS,
      histograms: ['total', 'run'],
      ...range,
    });

  test('a report is counted once, and its resends change nothing', async () => {
    const report = sampleReport();
    expect(await add(report)).toBe('counted');
    const once = [await cells(), await store.totals()];
    expect(await add(report)).toBe('duplicate');
    expect(await add({ ...report, health: { ok: 99 } })).toBe('duplicate');
    expect([await cells(), await store.totals()]).toEqual(once);
  });

  test('the same id on another UTC day is another report', async () => {
    const report = sampleReport();
    await add(report);
    expect(await add({ ...report, t0: report.t0 - DAY_MS })).toBe('counted');
    expect(await cells()).toMatchObject([{ reports: 2, ok: 6 }]);
  });

  test('a cell holds what was reported, raw and weighted', async () => {
    await add(sampleReport({ dimensions: { weight: 4 } }));
    const [cell, ...others] = await cells();
    expect(others).toEqual([]);
    expect(cell).toMatchObject({
      version: '1.2.0',
      backend: 'onnx-wasm',
      device: 'phone',
      reports: 1,
      ok: 3,
      okWeighted: 12,
    });
    expect(cell?.errors).toEqual(new Map([['deadline', { n: 1, weighted: 4 }]]));
    const duration = cell?.histograms.get('total') ?? createHistogram(3);
    expect(total(duration)).toBe(3);
    expect(duration.sum).toBeCloseTo(45);
    expect([...(cell?.histograms.keys() ?? [])]).toEqual(['total', 'run']);
  });

  test('a range includes its start, excludes its end and is cut into steps', async () => {
    const startMs = Date.UTC(2026, 2, 4, 10);
    for (const bucket of [0, 1, 2, 3])
      await add(sampleReport({ t0: startMs + bucket * BUCKET_MS }));
    const range = { fromMs: startMs + BUCKET_MS, toMs: startMs + 3 * BUCKET_MS };
    const slots = await cells({ ...range, stepMs: BUCKET_MS });
    expect(slots.map(({ slotMs }) => slotMs)).toEqual([
      startMs + BUCKET_MS,
      startMs + 2 * BUCKET_MS,
    ]);
    expect(await cells(range)).toMatchObject([{ slotMs: range.fromMs, reports: 2 }]);
    const wide = await cells({ fromMs: startMs, toMs: startMs + 4 * BUCKET_MS, stepMs: 600_000 });
    expect(wide.map(({ reports }) => reports)).toEqual([2, 2]);
  });

  test('whole hours give the same sums as their 5-minute cells', async () => {
    const startMs = Date.UTC(2026, 2, 4, 9);
    for (const minutes of [0, 4, 59, 60, 61, 119]) {
      await add(sampleReport({ t0: startMs + minutes * 60_000, durationsMs: [minutes + 1] }));
    }
    const range = { fromMs: startMs, toMs: startMs + 2 * HOUR_MS };
    const [first, second] = await cells({ ...range, stepMs: HOUR_MS });
    expect([first?.reports, second?.reports]).toEqual([3, 3]);
    const [hours] = await cells(range);
    const fine = await cells({ ...range, stepMs: BUCKET_MS });
    const sum = createHistogram(3);
    for (const { histograms } of fine) merge(sum, histograms.get('total') ?? createHistogram(3));
    const whole = hours?.histograms.get('total');
    expect(whole?.sum).toBeCloseTo(sum.sum);
    expect(new Map([...(whole?.buckets ?? [])].sort())).toEqual(new Map([...sum.buckets].sort()));
    expect(hours?.reports).toBe(6);
  });

  test('late reports are in the cells', async () => {
    await add(sampleReport({ t0: NOW_MS - 7_200_000 }), NOW_MS);
    await add(sampleReport({ t0: NOW_MS - 7_200_000 }), NOW_MS - 7_000_000);
    expect(await cells()).toMatchObject([{ reports: 2 }]);
  });

  test('counts of other models, versions, backends and devices stay apart', async () => {
    const others = [
      { model: 'pages' },
      { version: '1.3.0' },
      { backend: 'tfjs-wasm' as const },
      { device: 'tablet' as const },
    ];
    await add(sampleReport());
    for (const dimensions of others) await add(sampleReport({ dimensions }));
    expect((await cells()).map(({ reports }) => reports)).toEqual([1, 1, 1, 1]);
    expect(await store.models()).toMatchObject([
      { model: 'digits', versions: ['1.2.0', '1.3.0'] },
      { model: 'pages', versions: ['1.2.0'] },
    ]);
  });

  test('devices are counted by UTC day, from the first report of each', async () => {
    const today = utcDay(NOW_MS);
    await add(sampleReport({ first: true }));
    await add(sampleReport({ first: true }));
    await add(sampleReport({ first: false }));
    await add(sampleReport({ first: true, t0: NOW_MS - DAY_MS }));
    const days = await store.deviceDays({ model: 'digits', fromDay: today - 1, toDay: today });
    expect(days.map(({ day, devices }) => [day, devices])).toEqual([
      [today - 1, 1],
      [today, 2],
    ]);
  });

  test('any reports in any order, resends among them, give the sum of the distinct ones', async () => {
    const choice = fc.record({
      which: fc.integer({ min: 0, max: 5 }),
      bucket: fc.integer({ min: 0, max: 2 }),
      durationsMs: fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(choice, { minLength: 1, maxLength: 12 }), async (choices) => {
        const fresh = await open();
        const distinct = new Map<number, Report>();
        for (const { which, bucket, durationsMs } of choices) {
          const id = which.toString().padStart(32, '0');
          const t0 = NOW_MS - bucket * BUCKET_MS;
          const report = distinct.get(which) ?? sampleReport({ id, t0, durationsMs });
          const expected = distinct.has(which) ? 'duplicate' : 'counted';
          expect(await fresh.add(contributionOf(report, NOW_MS))).toBe(expected);
          distinct.set(which, report);
        }
        const [cell] = await fresh.cells({
          model: 'digits',
          fromMs: 0,
          toMs: NOW_MS + 1,
          histograms: ['total'],
        });
        const naive = createHistogram(3);
        let ok = 0;
        for (const report of distinct.values()) {
          ok += report.health.ok;
          for (const { name, histogram } of contributionOf(report, NOW_MS).histograms) {
            if (name === 'total') merge(naive, histogram);
          }
        }
        expect(cell).toMatchObject({ reports: distinct.size, ok });
        expect(new Map([...(cell?.histograms.get('total')?.buckets ?? [])].sort())).toEqual(
          new Map([...naive.buckets].sort()),
        );
        await fresh.close();
      }),
      { numRuns: 20 },
    );
  });

  test('ids are forgotten after 30 days and no sooner', async () => {
    const report = sampleReport();
    await add(report);
    const lastDayMs = (utcDay(report.t0) + RETENTION.seenDays) * DAY_MS;
    await store.prune(lastDayMs);
    expect(await add(report)).toBe('duplicate');
    await store.prune(lastDayMs + DAY_MS);
    expect(await add(report)).toBe('counted');
  });

  test('pruned cells are gone, what was counted in all is not', async () => {
    await add(sampleReport());
    const before = await store.totals();
    await store.prune(NOW_MS + (RETENTION.cellDays + 2) * DAY_MS);
    expect(await cells()).toEqual([]);
    const hours = { fromMs: 0, toMs: utcDay(NOW_MS + DAY_MS) * DAY_MS };
    expect(await cells(hours)).toMatchObject([{ reports: 1 }]);
    expect(await store.models()).toMatchObject([{ model: 'digits' }]);
    await store.prune(NOW_MS + (RETENTION.hourDays + 2) * DAY_MS);
    expect(await cells(hours)).toEqual([]);
    expect(await store.models()).toEqual([]);
    expect(await store.totals()).toEqual(before);
  });

  test('totals add up everything that /metrics labels', async () => {
    await add(sampleReport({ dimensions: { device: 'phone' } }));
    await add(sampleReport({ dimensions: { device: 'tablet', arm: 'canary' }, first: false }));
    const [row, ...others] = await store.totals();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ variant: 'int8', ok: 6, aborted: 4, invalid: 6, deviceDays: 1 });
    expect(row?.errors).toEqual(new Map([['deadline', 2]]));
    expect(total(row?.duration ?? createHistogram(3))).toBe(6);
  });

  test('a forged count that passes 2^63 when summed breaks neither writing nor reading', async () => {
    const huge = { ok: Number.MAX_SAFE_INTEGER, errors: { deadline: Number.MAX_SAFE_INTEGER } };
    for (let i = 0; i < 1100; i += 1) await add(sampleReport({ health: huge, durationsMs: [] }));
    expect((await cells())[0]?.ok).toBeGreaterThan(2 ** 63);
    expect((await store.totals())[0]?.ok).toBeGreaterThan(2 ** 63);
  });

  test('a closed store rejects with the code for a store that cannot be used', async () => {
    const closed = await open();
    await closed.close();
    await expect(closed.add(contributionOf(sampleReport(), NOW_MS))).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
    });
    await closed.close();
  });
});
