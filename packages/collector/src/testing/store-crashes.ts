import { describe, expect, test } from 'vitest';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS, utcDay } from '../counting/time.js';
import type { RollupStore } from '../store/rollup-store.js';
import { NOW_MS, sampleContribution } from './sample-report.js';

/** A fault at the n-th step (1, 2, …): before it is done, or after it, when only the answer is lost. */
export interface Fault {
  readonly step: number;
  readonly when: 'before' | 'after';
}

/** Steps – statements and commits – fail on demand. */
export interface Faults {
  /** Steps are counted from now on, from 1. */
  arm(fault: Fault): void;
  /** @returns whether the fault has struck */
  disarm(): boolean;
}

export interface FaultyStore extends Faults {
  readonly store: RollupStore;
  /** Ends the process as a crash does. Another one opens the file. */
  reopen(): Promise<RollupStore>;
}

/** A store on a server is made anew for each step. */
const LONG = { timeout: 600_000 };

/** Tests that no store loses a report or counts one twice, whatever fails. */
export function describeCrashes(name: string, open: () => Promise<FaultyStore>): void {
  describe(`${name}, with a fault`, () => {
    const batch = [
      sampleContribution(),
      sampleContribution({ g: 9, dimensions: { device: 'tablet' } }),
    ];

    async function everything(store: RollupStore) {
      const range = { fromMs: 0, toMs: Math.ceil(NOW_MS / 86_400_000) * 86_400_000 };
      return {
        cells: await store.cells({ model: 'digits', ...range, stepMs: 86_400_000 }),
        sums: await store.sums({ model: 'digits', ...range, histograms: ['latency.run'] }),
        cohorts: await store.cohorts({ model: 'digits', ...range }),
        totals: (await store.totals()).sort((a, b) => (a.device < b.device ? -1 : 1)),
      };
    }

    async function once() {
      const { store } = await open();
      await store.add(batch);
      const all = await everything(store);
      await store.close();
      return all;
    }

    /** Adds the batch and settles, with a fault at one step of it; then sends it again. */
    async function addWithFault(fault: Fault, then: 'go on' | 'reopen') {
      const faulty = await open();
      faulty.arm(fault);
      const first = await faulty.store.add(batch).catch((error: unknown) => error);
      const settled = await faulty.store.settle().catch((error: unknown) => error);
      const struck = faulty.disarm();
      const store = then === 'reopen' ? await faulty.reopen() : faulty.store;
      const second = await store.add(batch);
      const end = await everything(store);
      await store.close();
      return { struck, first, settled, second, end };
    }

    for (const when of ['before', 'after'] as const) {
      for (const then of ['go on', 'reopen'] as const) {
        test(`${when} any step counts each report once in the end (${then})`, LONG, async () => {
          const expected = await once();
          const counted = ['counted', 'counted'];
          const duplicates = ['duplicate', 'duplicate'];
          const seen = new Set<string>();
          let step = 1;
          for (; ; step += 1) {
            const { struck, first, settled, second, end } = await addWithFault(
              { step, when },
              then,
            );
            if (!struck) break;
            expect(end).toEqual(expected);
            if (first instanceof Error) {
              expect(first).toMatchObject({ code: 'store-unavailable' });
              // the report was lost before the commit, or only its answer was
              expect([counted, duplicates]).toContainEqual(second);
              seen.add(`add failed, resend ${String(second[0])}`);
            } else {
              expect(settled).toMatchObject({ code: 'store-unavailable' });
              expect(second).toEqual(duplicates);
              seen.add('settle failed');
            }
          }
          expect(step).toBeGreaterThan(20);
          const ends = [...seen];
          expect(ends).toContain('settle failed');
          // a store whose batch is one statement has no step after which the batch is lost
          if (when === 'after') expect(ends).toContain('add failed, resend duplicate');
          else expect(ends.sort()).toEqual(['add failed, resend counted', 'settle failed']);
        });
      }

      test(
        `${when} any step of pruning keeps what each cohort saw on a day, once`,
        LONG,
        async () => {
          const range = { model: 'digits', fromMs: 0, toMs: NOW_MS };
          const hoursOfDays = [2, 3, 5, 26, 27].map((hours) =>
            sampleContribution({ t0: NOW_MS - hours * 3_600_000, g: hours % 2 }),
          );
          const days = async (store: RollupStore) =>
            (await store.cohortDays(range)).map(({ hourMs, cohort, counts }) => ({
              day: utcDay(hourMs),
              cohort,
              counts,
            }));
          const laterMs = NOW_MS + (RETENTION.cohortDays + 3) * DAY_MS;
          let step = 1;
          for (; ; step += 1) {
            const faulty = await open();
            await faulty.store.add(hoursOfDays);
            await faulty.store.settle();
            const expected = await days(faulty.store);
            expect(expected).toHaveLength(4);
            faulty.arm({ step, when });
            await faulty.store.prune(laterMs).catch((error: unknown) => error);
            const struck = faulty.disarm();
            const store = await faulty.reopen();
            expect(sorted(await days(store))).toEqual(sorted(expected));
            await store.prune(laterMs);
            expect(sorted(await days(store))).toEqual(sorted(expected));
            expect(await store.cohorts(range)).toEqual([]);
            await store.close();
            if (!struck) break;
          }
          expect(step).toBeGreaterThan(20);
        },
      );
    }
  });
}

function sorted<Row extends { readonly day: number; readonly cohort: number }>(
  rows: readonly Row[],
): Row[] {
  return [...rows].sort((a, b) => a.day - b.day || a.cohort - b.cohort);
}
