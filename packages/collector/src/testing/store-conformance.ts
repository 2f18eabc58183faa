import { bucketsOf, createHistogram, merge, total } from '@nearside/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Contribution } from '../counting/contribution.js';
import { createNames } from '../counting/names.js';
import { RETENTION } from '../counting/retention.js';
import { BUCKET_MS, DAY_MS, HOUR_MS, utcDay } from '../counting/time.js';
import type { CellQuery, NewFindingEntry, RollupStore } from '../store/rollup-store.js';
import { sampleFinding } from './sample-finding.js';
import { NOW_MS, type SampleOptions, sampleContribution } from './sample-report.js';

/** Tests that every store has to pass. */
export function describeRollupStore(name: string, open: () => Promise<RollupStore>): void {
  describe(name, () => {
    let store: RollupStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const addAll = (...batch: Contribution[]) => store.add(batch);
    const add = async (options: SampleOptions = {}, nowMs = NOW_MS) =>
      (await addAll(sampleContribution(options, { nowMs })))[0];
    const cells = (range: Partial<CellQuery> = {}) =>
      store.cells({
        model: 'digits',
        fromMs: 0,
        toMs: utcDay(NOW_MS + DAY_MS) * DAY_MS,
        stepMs: DAY_MS,
        partOf: ({ version, backend, device }) => `${version} ${backend} ${device}`,
        ...range,
      });
    const sums = () =>
      store.sums({
        model: 'digits',
        fromMs: 0,
        toMs: utcDay(NOW_MS + DAY_MS) * DAY_MS,
        histograms: ['latency.run', 'opens.network'],
      });

    test('a report is counted once, and its resends change nothing', async () => {
      const report = sampleContribution();
      expect(await addAll(report)).toEqual(['counted']);
      const once = [await cells(), await sums(), await store.totals()];
      expect(await addAll(report)).toEqual(['duplicate']);
      expect(await addAll({ ...report, counts: { ok: 99 } })).toEqual(['duplicate']);
      expect([await cells(), await sums(), await store.totals()]).toEqual(once);
    });

    test('a batch is answered in its order, a resend within it too', async () => {
      const [a, b] = [sampleContribution(), sampleContribution()];
      await addAll(b);
      expect(await addAll(a, b, a)).toEqual(['counted', 'duplicate', 'duplicate']);
      expect((await cells())[0]?.reports).toBe(2);
    });

    test('the same id on another UTC day is another report', async () => {
      const report = sampleContribution();
      await addAll(report);
      expect(await addAll({ ...report, day: report.day - 1 })).toEqual(['counted']);
      expect(await cells()).toMatchObject([{ reports: 2, ok: 6 }]);
    });

    test('a cell holds the calls that were reported, raw and weighted', async () => {
      await add({ dimensions: { weight: 4 } });
      const [cell, ...others] = await cells();
      expect(others).toEqual([]);
      expect(cell).toMatchObject({
        part: '1.2.0 onnx-wasm phone',
        reports: 1,
        ok: 3,
        failed: 1,
        weighted: 16,
      });
      const duration = cell?.duration ?? createHistogram(3);
      expect(total(duration)).toBe(3);
      expect(duration.sum).toBeCloseTo(45);
    });

    test('the sums of a range hold all else that was reported', async () => {
      await add();
      await add({ t0: NOW_MS - DAY_MS });
      const [group, ...others] = await sums();
      expect(others).toEqual([]);
      expect(group).toMatchObject({
        version: '1.2.0',
        backend: 'onnx-wasm',
        device: 'phone',
        counts: {
          errors: { deadline: 2 },
          opens: { tried: 8, failed: { offline: 2 } },
          apps: {
            '2026.3': {
              reports: 2,
              ok: 6,
              failed: 2,
              ms: 90,
              deviceDays: 2,
              opens: 8,
              openFailed: 2,
              inputs: { 0: 6 },
            },
          },
          libraries: { '0.1.0': { ok: 6, failed: 2, ms: 90, deviceDays: 2 } },
          quarantines: { 'onnx-webgpu int8 golden-mismatch': 2 },
          inputs: { 0: { missing: 2, stale: 0, invalid: 4 } },
          assigned: { '1.2.0': { 'arm-day': 2 } },
        },
      });
      expect([...(group?.histograms.keys() ?? [])].sort()).toEqual([
        'latency.run',
        'opens.network',
      ]);
      expect(total(group?.histograms.get('latency.run') ?? createHistogram(2))).toBe(6);
    });

    test('a row by cohort holds what drift and verdicts need', async () => {
      await add({ g: 3 });
      await add({ g: 3, dimensions: { arm: 'canary', assigned: '1.3.0' } });
      await add({ g: 4, first: ['arm-day-failed'] });
      const hourMs = NOW_MS - 300_000 - ((NOW_MS - 300_000) % HOUR_MS);
      const rows = await store.cohorts({ model: 'digits', fromMs: hourMs, toMs: hourMs + HOUR_MS });
      expect(
        rows.map(({ unit, cohort }) => `${unit.arm} ${unit.assigned} ${cohort}`).sort(),
      ).toEqual(['canary 1.3.0 3', 'stable 1.2.0 3', 'stable 1.2.0 4']);
      expect(rows.find(({ cohort }) => cohort === 4)?.counts).toMatchObject({
        reports: 1,
        ok: 3,
        failed: 1,
        histograms: { 'latency.total': { sum: 45 } },
        firsts: { 'arm-day-failed': 1 },
        opens: { tried: 4, failed: { offline: 1 } },
        updates: { '1.3.0': { installed: 1, failed: { 'network-failed': 2 } } },
        outcomes: { bought: { n: 3, sum: 2, squares: 2 } },
        feedback: {
          0: {
            bins: { 1: { n: 2, correct: 1 } },
            confusion: { '7 1': 1 },
            values: { n: 2, error: 0.5, absolute: 1.5, squares: 1.25 },
          },
        },
      });
    });

    test('a row by cohort holds what each device class and backend observed', async () => {
      await add({ g: 3 });
      await add({ g: 3, dimensions: { device: 'tablet' } });
      await add({ g: 3, dimensions: { device: 'tablet' } });
      const hourMs = NOW_MS - 300_000 - ((NOW_MS - 300_000) % HOUR_MS);
      const query = { model: 'digits', fromMs: hourMs, toMs: hourMs + HOUR_MS };
      const seen = (n: number) => ({
        drift: { '0123456789abcdef': [[0, n, 2 * n], [], [3 * n]] },
      });
      const expected = { 'phone onnx-wasm': seen(1), 'tablet onnx-wasm': seen(2) };
      for (const rows of [await store.cohorts(query), await store.cohortDays(query)]) {
        expect(rows.map(({ counts }) => counts.parts)).toMatchObject([expected]);
      }
    });

    test('a row of a side of a rollout holds what each device class and backend did', async () => {
      await add({ g: 3, dimensions: { arm: 'canary', assigned: '1.3.0' } });
      await add({ g: 3, dimensions: { arm: 'canary', assigned: '1.3.0', device: 'tablet' } });
      const hourMs = NOW_MS - 300_000 - ((NOW_MS - 300_000) % HOUR_MS);
      const query = { model: 'digits', fromMs: hourMs, toMs: hourMs + HOUR_MS };
      const own = {
        ok: 3,
        failed: 1,
        histograms: { 'latency.total': { sum: 45 } },
        firsts: { 'arm-day': 1 },
        opens: { tried: 4, failed: { offline: 1 } },
        updates: { '1.3.0': { installed: 1, failed: { 'network-failed': 2 } } },
        outcomes: { bought: { n: 3, sum: 2, squares: 2 } },
      };
      const expected = { 'phone onnx-wasm': own, 'tablet onnx-wasm': own };
      for (const rows of [await store.cohorts(query), await store.cohortDays(query)]) {
        expect(rows.map(({ counts }) => counts.parts)).toMatchObject([expected]);
      }
    });

    test('a segment holds what a series saw in an hour, and of it each release of the app', async () => {
      await add({ dimensions: { device: 'phone' } });
      await add({ dimensions: { device: 'phone', app: '2026.4' }, first: ['version-hour'] });
      await add({ dimensions: { device: 'tablet' } });
      await add({ dimensions: { version: '1.3.0' } });
      const hourMs = NOW_MS - 300_000 - ((NOW_MS - 300_000) % HOUR_MS);
      const range = { model: 'digits', version: '1.2.0', fromMs: hourMs, toMs: hourMs + HOUR_MS };
      const rows = await store.segments(range);
      expect(rows.map(({ device }) => device).sort()).toEqual(['phone', 'tablet']);
      const phone = rows.find(({ device }) => device === 'phone');
      expect(phone).toMatchObject({ version: '1.2.0', backend: 'onnx-wasm', hourMs });
      const seen = (n: number) => ({ '0123456789abcdef': [[0, n, 2 * n], [], [3 * n]] });
      expect(phone?.counts).toMatchObject({
        drift: seen(2),
        firsts: { 'version-hour': 2, 'version-day': 1 },
        apps: {
          '2026.3': { drift: seen(1) },
          '2026.4': { drift: seen(1), firsts: { 'version-hour': 1 } },
        },
      });
      expect(
        await store.segments({ ...range, fromMs: hourMs + HOUR_MS, toMs: hourMs + 2 * HOUR_MS }),
      ).toEqual([]);
    });

    test('a range includes its start, excludes its end and is cut into steps', async () => {
      const startMs = Date.UTC(2026, 2, 4, 10);
      for (const i of [0, 1, 2, 3]) await add({ t0: startMs + i * BUCKET_MS });
      const range = { fromMs: startMs + BUCKET_MS, toMs: startMs + 3 * BUCKET_MS };
      const fine = await cells({ ...range, stepMs: BUCKET_MS });
      expect(fine.map(({ slotMs }) => slotMs)).toEqual([
        startMs + BUCKET_MS,
        startMs + 2 * BUCKET_MS,
      ]);
      const bySlot = await store.reportsBySlot({ model: 'digits', ...range, stepMs: BUCKET_MS });
      expect(bySlot.map(({ reports }) => reports)).toEqual([1, 1]);
      const wide = await cells({ fromMs: startMs, toMs: startMs + 4 * BUCKET_MS, stepMs: 600_000 });
      expect(wide.map(({ reports }) => reports)).toEqual([2, 2]);
    });

    test('groups of the same part are added up', async () => {
      for (const device of ['phone', 'tablet', 'server']) await add({ dimensions: { device } });
      const found = await cells({ partOf: ({ device }) => String(device === 'server') });
      expect(found.map(({ part, reports }) => [part, reports])).toEqual([
        ['false', 2],
        ['true', 1],
      ]);
    });

    test('a range gives the same sums from cells of each length', async () => {
      const startMs = Date.UTC(2026, 2, 3);
      for (const minutes of [0, 4, 59, 60, 361, 719, 1439]) {
        await add({ t0: startMs + minutes * 60_000, durationsMs: [minutes + 1] });
      }
      const sums: { reports: number; buckets: (readonly [number, number])[] }[] = [];
      for (const stepMs of [BUCKET_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS]) {
        const found = await cells({ fromMs: startMs, toMs: startMs + DAY_MS, stepMs });
        const duration = createHistogram(3);
        let reports = 0;
        for (const cell of found) {
          merge(duration, cell.duration);
          reports += cell.reports;
        }
        sums.push({ reports, buckets: [...bucketsOf(duration)] });
      }
      expect(sums[0]?.reports).toBe(7);
      expect(sums).toEqual(sums.map(() => sums[0]));
    });

    test('late reports are in the cells, and in no total that objectives are held against', async () => {
      await add({ t0: NOW_MS - 7_200_000 }, NOW_MS);
      await add({ t0: NOW_MS - 7_200_000, sent: NOW_MS - 7_000_000 }, NOW_MS - 7_000_000);
      expect(await cells()).toMatchObject([{ reports: 2 }]);
      expect((await store.totals())[0]?.counts).toMatchObject({
        punctual: { reports: 1, ok: 3 },
        late: { reports: 1, ok: 3, failed: 1 },
        firsts: { 'version-day': 2 },
        loss: { 'outbox-full': 4 },
      });
    });

    test('counts of other models, versions, backends and devices stay apart', async () => {
      const others = [
        { model: 'pages' },
        { version: '1.3.0' },
        { backend: 'tfjs-wasm' },
        { device: 'tablet' },
      ];
      await add();
      for (const dimensions of others) await add({ dimensions });
      expect((await cells()).map(({ reports }) => reports)).toEqual([1, 1, 1, 1]);
      expect(await store.models()).toMatchObject([
        { model: 'digits', versions: ['1.2.0', '1.3.0'] },
        { model: 'pages', versions: ['1.2.0'] },
      ]);
    });

    test('devices are counted by UTC day, from the first report of each', async () => {
      const today = utcDay(NOW_MS);
      await add();
      await add();
      await add({ first: [] });
      await add({ t0: NOW_MS - DAY_MS });
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
      const batches = fc.array(fc.array(choice, { minLength: 1, maxLength: 4 }), {
        minLength: 1,
        maxLength: 5,
      });
      await fc.assert(
        fc.asyncProperty(batches, async (batches) => {
          const fresh = await open();
          const distinct = new Map<number, Contribution>();
          for (const choices of batches) {
            const expected: string[] = [];
            const batch = choices.map(({ which, bucket, durationsMs }) => {
              const id = which.toString().padStart(32, '0');
              const t0 = NOW_MS - bucket * BUCKET_MS;
              expected.push(distinct.has(which) ? 'duplicate' : 'counted');
              const report = distinct.get(which) ?? sampleContribution({ id, t0, durationsMs });
              distinct.set(which, report);
              return report;
            });
            expect(await fresh.add(batch)).toEqual(expected);
          }
          const range = { fromMs: 0, toMs: utcDay(NOW_MS + DAY_MS) * DAY_MS };
          const query = { model: 'digits', ...range, stepMs: 7 * DAY_MS };
          const [cell] = await fresh.cells(query);
          const naive = new Map<number, number>();
          let ok = 0;
          for (const { counts } of distinct.values()) {
            ok += counts.ok ?? 0;
            for (const [bin, n] of Object.entries(counts.histograms?.['latency.total']?.b ?? {})) {
              naive.set(Number(bin), (naive.get(Number(bin)) ?? 0) + n);
            }
          }
          expect(cell).toMatchObject({ reports: distinct.size, ok });
          expect(new Map(bucketsOf(cell?.duration ?? createHistogram(3)))).toEqual(naive);
          await fresh.close();
        }),
        { numRuns: 20 },
      );
    });

    test('the id of a report that arrives late is kept for as long as its device sends it again', async () => {
      await store.prune(NOW_MS);
      const t0 = NOW_MS - 14 * DAY_MS;
      const late = sampleContribution({ t0, sent: NOW_MS });
      await addAll(late);
      await store.prune(NOW_MS + RETENTION.resendDays * DAY_MS);
      expect(await addAll(late)).toEqual(['duplicate']);
    });

    test('ids are forgotten 16 days after their arrival and no sooner', async () => {
      const report = sampleContribution();
      await addAll(report);
      const lastDayMs = (utcDay(report.arrivedMs) + RETENTION.seenDays) * DAY_MS;
      await store.prune(lastDayMs);
      expect(await addAll(report)).toEqual(['duplicate']);
      await store.prune(lastDayMs + DAY_MS);
      expect(await addAll(report)).toEqual(['counted']);
    });

    test('pruned cells are gone, what was counted in all is not', async () => {
      await add();
      const before = await store.totals();
      await store.prune(NOW_MS + (RETENTION.cellDays + 2) * DAY_MS);
      const hour = NOW_MS - (NOW_MS % HOUR_MS) - HOUR_MS;
      const range = { fromMs: hour, toMs: hour + 2 * HOUR_MS };
      expect(await cells({ ...range, stepMs: BUCKET_MS })).toEqual([]);
      expect(await store.cohorts({ model: 'digits', ...range })).toEqual([]);
      expect(await cells({ ...range, stepMs: HOUR_MS })).toMatchObject([{ reports: 1 }]);
      expect(await store.models()).toMatchObject([{ model: 'digits' }]);
      await store.prune(NOW_MS + (RETENTION.hourDays + 2) * DAY_MS);
      expect(await cells()).toEqual([]);
      expect(await store.models()).toEqual([]);
      expect(await store.totals()).toEqual(before);
    });

    test('totals are by series, the one that reported last first', async () => {
      await add({ dimensions: { device: 'phone' } });
      await add({
        dimensions: { device: 'tablet', arm: 'canary' },
        first: [],
        t0: NOW_MS - 1_200_000,
      });
      const rows = await store.totals();
      expect(rows.map(({ device, arm }) => `${device} ${arm}`)).toEqual([
        'phone stable',
        'tablet canary',
      ]);
      expect(rows[0]).toMatchObject({
        model: 'digits',
        variant: 'int8',
        counts: {
          punctual: {
            ok: 3,
            aborted: 2,
            invalid: { 'input-invalid': 3 },
            errors: { deadline: 1 },
            histograms: { 'latency.total': { sum: 45 } },
            used: 1,
            failedPerMille: 250,
            cold: 1,
            bytes: 12_345,
            quarantines: { 'onnx-webgpu int8 golden-mismatch': 1 },
            updates: { '1.3.0': { installed: 1, failed: { 'network-failed': 2 } } },
          },
        },
      });
    });

    test('names that have rows are told, so that a restart admits the same ones', async () => {
      const names = createNames([]);
      await addAll(sampleContribution({}, { names }));
      const known = await store.names();
      expect(new Set(known.map(({ day }) => day))).toEqual(new Set([utcDay(NOW_MS)]));
      expect(new Set(known.map(({ kind, name }) => `${kind} ${name}`))).toEqual(
        new Set([
          'model digits',
          'series digits 1.2.0 int8 onnx-wasm phone stable',
          'unit digits 1.2.0 1.2.0 stable 0f0f0f0f',
          'version 1.2.0',
          'version 1.3.0',
          'variant int8',
          'app 2026.3',
          'library 0.1.0',
          'outcome bought',
          'experiment 0f0f0f0f',
          'baseline 0123456789abcdef',
        ]),
      );
    });

    test('a name is known until its counts are pruned, and its last report says when that is', async () => {
      await add({ dimensions: { app: 'old' } });
      await add({ dimensions: { app: 'new' }, t0: NOW_MS + 9 * DAY_MS }, NOW_MS + 10 * DAY_MS);
      await store.settle();
      const apps = async () => (await store.names()).filter(({ kind }) => kind === 'app');
      await store.prune(NOW_MS + RETENTION.hourDays * DAY_MS);
      expect((await apps()).map(({ name }) => name).sort()).toEqual(['new', 'old']);
      await store.prune(NOW_MS + (RETENTION.hourDays + 1) * DAY_MS);
      expect(await apps()).toEqual([
        { kind: 'app', model: 'digits', name: 'new', day: utcDay(NOW_MS) + 10 },
      ]);
    });

    test('a store that nobody else has open is kept by who opened it', async () => {
      expect(await store.isKeeper()).toBe(true);
    });

    test('a look writes down what began and ended, and is read back as it was written', async () => {
      const figures = { value: 0.25, of: ['a', null] };
      await store.addLook([entry({ figures }), entry({ kind: 'silence', version: '' })], NOW_MS);
      await store.addLook([entry({ state: 'ended', atMs: NOW_MS + 1 })], NOW_MS + 1);
      await store.addLook([], NOW_MS + 2);
      const all = await store.findings({ model: 'digits', fromMs: 0, toMs: NOW_MS + 2 });
      expect(all).toMatchObject([entry({ figures }), { kind: 'silence' }, { state: 'ended' }]);
      expect(all.map(({ n }) => n)).toEqual(all.map(({ n }) => n).toSorted((a, b) => a - b));
      const last = await store.lastFindings();
      expect(last.lookedMs).toBe(NOW_MS + 2);
      expect(await store.lookedMs()).toBe(NOW_MS + 2);
      expect(last.entries).toMatchObject([
        { kind: 'silence' },
        { kind: 'success', state: 'ended' },
      ]);
    });

    test('a range has what was found in it, and how things stood when it began', async () => {
      await store.addLook([entry({})], NOW_MS);
      await store.addLook([entry({ state: 'ended', atMs: NOW_MS + 5 })], NOW_MS + 5);
      await store.addLook([entry({ state: 'began', atMs: NOW_MS + 9 })], NOW_MS + 9);
      const range = { model: 'digits', fromMs: NOW_MS + 7, toMs: NOW_MS + 9 };
      expect(await store.findings(range)).toMatchObject([{ state: 'ended' }]);
      expect(await store.findings({ ...range, model: 'other' })).toEqual([]);
    });

    test('notices are due for what was found since the last one, once', async () => {
      await store.addLook([entry({}), entry({ version: '1.3.0' })], NOW_MS);
      const [first] = await store.unsentFindings(1);
      await store.noteSent(first?.n ?? 0);
      expect(await store.unsentFindings(9)).toMatchObject([{ version: '1.3.0' }]);
    });

    test('findings are forgotten after their time, and the last of each subject is kept', async () => {
      await store.addLook([entry({}), entry({ state: 'ended', atMs: NOW_MS + 1 })], NOW_MS + 1);
      await store.prune(NOW_MS + (RETENTION.findingDays + 1) * DAY_MS);
      const all = await store.findings({ model: 'digits', fromMs: 0, toMs: NOW_MS + 2 });
      expect(all).toMatchObject([{ state: 'ended' }]);
    });

    test('sums past 2^63 break neither writing nor reading', async () => {
      const report = sampleContribution();
      const huge = { ...report, counts: { ...report.counts, ok: 2 ** 62, bytes: 1e300 } };
      for (let i = 0; i < 4; i += 1) await addAll({ ...huge, id: `${i}`.repeat(32) });
      expect((await cells())[0]?.ok).toBe(2 ** 64);
      expect((await store.totals())[0]?.counts.punctual?.ok).toBe(2 ** 64);
    });

    test('a closed store rejects with the code for a store that cannot be used', async () => {
      const closed = await open();
      await closed.close();
      await expect(closed.add([sampleContribution()])).rejects.toMatchObject({
        code: 'store-unavailable',
        retryable: true,
      });
      await closed.close();
    });
  });
}

const entry = (part: Partial<NewFindingEntry>) => sampleFinding({ atMs: NOW_MS, ...part });
