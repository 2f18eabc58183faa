import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS, HOUR_MS, utcDay } from '../counting/time.js';
import type { RollupStore, VersionState } from '../store/rollup-store.js';
import { factsOf } from './fleet-store.js';
import { NOW_MS, type SampleOptions, sampleContribution } from './sample-report.js';

/** Tests that every store knows last month: days by cohort, and releases. */
export function describeStoreHistory(name: string, open: () => Promise<RollupStore>): void {
  describe(name, () => {
    let store: RollupStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const add = (options: SampleOptions) => store.add([sampleContribution(options)]);

    test('hours by cohort are added to their UTC day when they are forgotten, and days are kept for more than a year', async () => {
      const dayMs = utcDay(NOW_MS) * DAY_MS;
      const at = (hour: number, g: number) => add({ g, t0: dayMs + hour * HOUR_MS });
      await at(2, 3);
      await at(2, 3);
      await at(9, 3);
      await at(9, 4);
      const range = { model: 'digits', fromMs: dayMs, toMs: dayMs + DAY_MS };
      const rows = () => store.cohortDays(range);
      const before = await rows();
      expect(before.map(({ cohort, hourMs, counts }) => [cohort, hourMs, counts.ok])).toEqual([
        [3, dayMs + 2 * HOUR_MS, 9],
        [4, dayMs + 9 * HOUR_MS, 3],
      ]);
      await store.prune(dayMs + (RETENTION.cohortDays + 1) * DAY_MS);
      expect(await store.cohorts(range)).toEqual([]);
      expect(await rows()).toEqual(before.map((row) => ({ ...row, hourMs: dayMs })));
      // a range within the day gets the whole day
      const within = { ...range, fromMs: dayMs + 5 * HOUR_MS, toMs: dayMs + 6 * HOUR_MS };
      expect(await store.cohortDays(within)).toEqual(await rows());
      expect(await store.cohortDays({ ...range, version: '9.9.9' })).toEqual([]);
      await store.prune(dayMs + (RETENTION.cohortDayDays + 1) * DAY_MS);
      expect(await rows()).toEqual([]);
    });

    test('a range by cohort and day that begins and ends within days has the hours that it holds', async () => {
      const dayMs = utcDay(NOW_MS) * DAY_MS - DAY_MS;
      for (const hour of [1, 10, 30]) await add({ t0: dayMs + hour * HOUR_MS });
      const range = { fromMs: dayMs + 5 * HOUR_MS, toMs: dayMs + 40 * HOUR_MS };
      const rows = await store.cohortDays({ model: 'digits', ...range });
      expect(rows.map(({ hourMs, counts }) => [(hourMs - dayMs) / HOUR_MS, counts.ok])).toEqual([
        [10, 3],
        [30, 3],
      ]);
    });

    test('what changes of a version is written down once, with the time; what was said last is kept', async () => {
      const state = (version: string, more: Partial<VersionState> = {}): VersionState => ({
        model: 'digits',
        version,
        state: 'stable',
        rollout: null,
        ...more,
      });
      const canary = (toBps: number) =>
        state('1.3.0', { state: 'canary', rollout: { fromBps: 0, toBps } });
      await store.keepFacts(factsOf([state('1.2.0'), canary(500)]), 1000);
      await store.keepFacts(factsOf([state('1.2.0'), canary(500)]), 2000);
      await store.keepFacts(factsOf([state('1.2.0'), canary(2500)]), 3000);
      await store.keepFacts(factsOf([state('1.2.0', { state: 'revoked' }), state('1.3.0')]), 4000);
      await store.keepFacts(factsOf([state('1.3.0', { model: 'pages' })]), 5000);
      const said = async () =>
        (await store.releases('digits')).map(({ atMs, version, state, rollout }) =>
          [atMs, version, state, rollout?.toBps].join(' '),
        );
      expect(await said()).toEqual([
        '1000 1.2.0 stable ',
        '1000 1.3.0 canary 500',
        '3000 1.3.0 canary 2500',
        '4000 1.2.0 revoked ',
        '4000 1.3.0 stable ',
      ]);
      await store.prune(3500 + RETENTION.releaseDays * DAY_MS);
      expect(await said()).toEqual(['4000 1.2.0 revoked ', '4000 1.3.0 stable ']);
      await store.prune(NOW_MS);
      expect(await said()).toHaveLength(2);
    });

    test('facts of an older revision change nothing, and the newest ones hold for all; those without one hold as they come', async () => {
      const facts = (version: string, revision?: number) =>
        factsOf([{ model: 'digits', version, state: 'stable', rollout: null }], revision);
      expect(await store.facts()).toBeUndefined();
      const newer = facts('1.3.0', 8);
      expect(await store.keepFacts(facts('1.2.0', 7), 1000)).toEqual(facts('1.2.0', 7));
      expect(await store.keepFacts(newer, 2000)).toEqual(newer);
      expect(await store.keepFacts(facts('1.1.0', 6), 3000)).toEqual(newer);
      expect(await store.facts()).toEqual(newer);
      const said = async () => (await store.releases('digits')).map(({ version }) => version);
      expect(await said()).toEqual(['1.2.0', '1.3.0']);
      await store.keepFacts(facts('1.3.0', 8), 4000);
      await store.keepFacts(facts('1.0.0'), 5000);
      expect(await store.facts()).toEqual(facts('1.0.0'));
      expect(await said()).toEqual(['1.2.0', '1.3.0', '1.0.0']);
    });

    test('each version has the hour of its first report', async () => {
      const dayMs = utcDay(NOW_MS) * DAY_MS - DAY_MS;
      await add({ t0: dayMs + 20 * HOUR_MS });
      await add({ t0: dayMs + 3.5 * HOUR_MS });
      await add({ t0: dayMs + 30 * HOUR_MS, dimensions: { version: '1.3.0', device: 'tablet' } });
      await add({ dimensions: { model: 'pages', version: '7.0.0' } });
      const first = await store.firstReports('digits');
      expect(first.sort((a, b) => a.hourMs - b.hourMs)).toEqual([
        { version: '1.2.0', hourMs: dayMs + 3 * HOUR_MS },
        { version: '1.3.0', hourMs: dayMs + 30 * HOUR_MS },
      ]);
      expect(await store.firstReports('nothing')).toEqual([]);
    });
  });
}
