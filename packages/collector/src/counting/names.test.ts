import type { ModelFacts } from '@nearside/core';
import { expect, test } from 'vitest';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { freshNames, NOW_MS, sampleContribution, sampleReport } from '../testing/sample-report.js';
import { contributionOf } from './contribution.js';
import type { NameKind } from './known-names.js';
import { NAME_LIMITS } from './name-rows.js';
import { createNames, type ModelNames, type Names } from './names.js';
import { DAY_MS, HOUR_MS } from './time.js';

/** One report tells of all. */
const TOLD = { cohort: 7, atMs: NOW_MS };

function foldedBy(work: (onFold: (kind: NameKind) => void) => void): NameKind[] {
  const folded: NameKind[] = [];
  work((kind) => folded.push(kind));
  return folded;
}

test('the first 50 models with 20 versions each get rows, others are counted together', () => {
  const folded = foldedBy((onFold) => {
    const names = createNames([], { onFold });
    for (let i = 0; i < 51; i += 1) {
      const { model } = names.of(`model-${i}`, TOLD);
      expect(model).toBe(i < 50 ? `model-${i}` : 'unlisted');
    }
    const { version } = names.of('model-7', TOLD);
    for (let i = 0; i < 21; i += 1) {
      expect(version(`1.${i}.0`)).toBe(i < 20 ? `1.${i}.0` : 'unlisted');
    }
    expect(names.of('another', TOLD).version('1.0.0')).toBe('unlisted');
  });
  expect(folded).toEqual(['model', 'version', 'model']);
});

test('app releases are held to 20 a model, those of the library to 12 and outcomes to 4', () => {
  const names = freshNames().of('digits', TOLD);
  const apps = Array.from({ length: 30 }, (_, i) => names.app(`build ${i}`));
  expect(apps.filter((name) => name === 'other')).toHaveLength(10);
  const libraries = Array.from({ length: 14 }, (_, i) => names.library(`0.${i}.0`));
  expect(libraries.slice(11)).toEqual(['0.11.0', 'other', 'other']);
  const outcomes = Array.from({ length: 6 }, (_, i) => names.outcome(`goal ${i}`));
  expect(outcomes.slice(4)).toEqual(['other', 'other']);
});

test('a name that plain objects have already is counted as other', () => {
  const names = freshNames().of('digits', TOLD);
  expect(names.app('__proto__')).toBe('other');
  expect(names.outcome('constructor')).toBe('other');
  const report = { ...sampleReport(), outcomes: { constructor: [1, 1, 1] as const } };
  expect(names.outcome(Object.keys(report.outcomes)[0] ?? '')).toBe('other');
});

test('with facts, only the versions that they name have rows, under the manifest that they name', () => {
  const facts: ModelFacts = {
    format: 1,
    models: [
      {
        model: 'digits',
        versions: [
          {
            version: '1.2.0',
            manifest: 'ab'.repeat(32),
            sequence: 1,
            state: 'stable',
            baselineHash: '0123456789abcdef',
          },
        ],
      },
    ],
  };
  const names = createNames([], { facts });
  const { model, version, baseline } = names.of('digits', TOLD);
  expect(model).toBe('digits');
  expect(version('1.2.0', 'ab'.repeat(32))).toBe('1.2.0');
  expect(version('1.2.0', 'cd'.repeat(32))).toBe('unlisted');
  expect(version('1.3.0')).toBe('unlisted');
  expect(baseline('1.2.0', '0123456789abcdef')).toBe('0123456789abcdef');
  expect(baseline('1.2.0', 'ffffffffffffffff')).toBe('other');
  expect(names.of('pages', TOLD).model).toBe('unlisted');
  names.useFacts(undefined);
  expect(names.of('pages', TOLD).model).toBe('pages');
});

test('a restart admits the names that had rows before it', async () => {
  const store = openSqliteRollupStore(':memory:');
  const names = freshNames();
  for (let i = 0; i < 25; i += 1) {
    await store.add([sampleContribution({ dimensions: { version: `1.${i}.0` } }, { names })]);
  }
  const again = createNames(await store.names()).of('digits', TOLD);
  expect(again.version('1.5.0')).toBe('1.5.0');
  expect(again.version('3.0.0')).toBe('unlisted');
  await store.close();
});

test('combinations of names are bounded: what is over is counted under its version alone', () => {
  const names = freshNames();
  const places = new Set<string>();
  for (let i = 0; i < 3 * NAME_LIMITS.series; i += 1) {
    const dimensions = {
      model: `model-${i % 40}`,
      version: `1.${i % 19}.0`,
      variant: `variant-${i % 7}`,
      device: i % 2 ? 'phone' : 'tablet',
      app: `app ${i}`,
    };
    const { series } = sampleContribution({ dimensions }, { nowMs: NOW_MS, names });
    places.add(JSON.stringify(series));
  }
  expect(places.size).toBeLessThanOrEqual(NAME_LIMITS.series + 41 * 21);
});

test('a version without a row has no baselines of its own', async () => {
  const store = openSqliteRollupStore(':memory:');
  const names = freshNames();
  for (let i = 0; i < 100; i += 1) {
    const report = sampleReport({ dimensions: { version: `${i}.0.0`, assigned: `${i}.0.0` } });
    const baseline = i.toString(16).padStart(16, '0');
    await store.add([contributionOf({ ...report, baseline }, NOW_MS, names)]);
  }
  const baselines = (await store.names()).filter(({ kind }) => kind === 'baseline');
  // 1.3.0 is tried as an update by each, and takes one of the 20
  expect(baselines.length).toBeLessThanOrEqual(NAME_LIMITS.version);
  await store.close();
});

const APPS = Array.from({ length: 20 }, (_, week) => `week ${week}`);

/** So many cohorts report an app release within an hour. */
function report(names: Names, app: string, { atMs = NOW_MS, cohorts = 5 } = {}): string {
  let counted = '';
  for (let cohort = 0; cohort < cohorts; cohort += 1) {
    counted = names.of('digits', { cohort, atMs: atMs + (cohort * HOUR_MS) / cohorts }).app(app);
  }
  return counted;
}

/** A release a week. Each is told of until the next one comes, and for two weeks after. */
function afterWeeks(weeks: number): Names {
  const names = freshNames();
  for (let week = 0; week < weeks; week += 1) {
    const atMs = NOW_MS + week * 7 * DAY_MS;
    for (const one of [week, week - 1, week - 2]) {
      if (one >= 0) expect(report(names, `week ${one}`, { atMs })).toBe(`week ${one}`);
    }
  }
  return names;
}

test('with an app release a week, each has rows when five cohorts have told of it: the 21st and the 60th too', () => {
  const names = afterWeeks(60);
  const atMs = NOW_MS + 60 * 7 * DAY_MS;
  expect(report(names, 'week 60', { atMs, cohorts: 4 })).toBe('other');
  expect(report(names, 'week 60', { atMs })).toBe('week 60');
  // the releases of the last weeks have theirs still, and the silent ones make room
  expect(report(names, 'week 59', { atMs, cohorts: 1 })).toBe('week 59');
  expect(report(names, 'week 30', { atMs, cohorts: 1 })).toBe('other');
});

test('the fifth outcome, the 41st experiment and the 21st version get rows like that too', () => {
  const names = freshNames();
  const kinds: [number, (names: ModelNames, name: string) => string][] = [
    [NAME_LIMITS.outcome, ({ outcome }, name) => outcome(name)],
    [NAME_LIMITS.experiment, ({ experiment }, name) => experiment(name)],
    [NAME_LIMITS.version, ({ version }, name) => version(name)],
  ];
  for (const [limit, tell] of kinds) {
    for (let i = 0; i < limit; i += 1) tell(names.of('digits', TOLD), `name ${i}`);
    const atMs = NOW_MS + 8 * DAY_MS;
    const counted = [0, 1, 2, 3, 4].map((cohort) =>
      tell(names.of('digits', { cohort, atMs }), 'one more'),
    );
    expect(counted.slice(0, 4)).not.toContain('one more');
    expect(counted[4]).toBe('one more');
  }
});

test('twenty forged names, and sixty, evict none that reported in the last seven days', () => {
  for (const forged of [20, 60]) {
    const names = freshNames();
    for (const app of APPS) report(names, app, { cohorts: 1 });
    const atMs = NOW_MS + 7 * DAY_MS;
    for (let i = 0; i < forged; i += 1) {
      expect(report(names, `forged ${i}`, { atMs, cohorts: 64 })).toBe('other');
    }
    for (const app of APPS) expect(report(names, app, { atMs, cohorts: 1 })).toBe(app);
  }
});

test('sixty forged reports that fill all places keep the next release waiting for a week, and not for good', () => {
  const names = freshNames();
  for (let i = 0; i < 60; i += 1) report(names, `forged ${i}`, { cohorts: 1 });
  expect(report(names, 'next', { atMs: NOW_MS + 7 * DAY_MS })).toBe('other');
  expect(report(names, 'next', { atMs: NOW_MS + 8 * DAY_MS })).toBe('next');
});

test('five cohorts that tell of a name over more than a day do not give it a row', () => {
  const names = freshNames();
  for (const app of APPS) report(names, app);
  const tell = (cohort: number, hours: number) =>
    names.of('digits', { cohort, atMs: NOW_MS + 9 * DAY_MS + hours * HOUR_MS }).app('slow');
  expect([0, 7, 14, 21, 28].map((hours, cohort) => tell(cohort, hours))).not.toContain('slow');
  // those of hours 7 to 28 are within a day of this one
  expect(tell(5, 30)).toBe('slow');
});

test('a name whose counts are pruned leaves its place, and no cohorts are needed for it', () => {
  const names = freshNames();
  for (const app of APPS) report(names, app);
  expect(report(names, 'new', { atMs: NOW_MS + 400 * DAY_MS, cohorts: 1 })).toBe('other');
  expect(report(names, 'new', { atMs: NOW_MS + 401 * DAY_MS, cohorts: 1 })).toBe('new');
});

test('after a restart the same names have rows, whichever others they replaced', async () => {
  const store = openSqliteRollupStore(':memory:');
  const names = freshNames();
  for (let week = 0; week < 25; week += 1) {
    const nowMs = NOW_MS + week * 7 * DAY_MS;
    for (const app of [`week ${week}`, `week ${week - 1}`]) {
      for (let g = 0; g < 5; g += 1) {
        const options = { g, t0: nowMs - 300_000, sent: nowMs, dimensions: { app } };
        await store.add([sampleContribution(options, { nowMs, names })]);
      }
    }
  }
  const again = createNames(await store.names());
  const atMs = NOW_MS + 25 * 7 * DAY_MS;
  for (const which of [names, again]) {
    const kept = Array.from({ length: 25 }, (_, week) => `week ${week}`).filter(
      (app) => report(which, app, { atMs, cohorts: 1 }) === app,
    );
    expect(kept).toHaveLength(20);
    expect(kept).toContain('week 24');
  }
  await store.close();
});

test('a name that five cohorts tell of gets its row within a flood of invented names, however many come between', () => {
  const names = freshNames();
  for (const app of APPS) report(names, app);
  const atMs = NOW_MS + 9 * DAY_MS;
  let counted = '';
  for (let i = 0; i < 5; i += 1) {
    for (let j = 0; j < 2001; j += 1) report(names, `forged ${i} ${j}`, { atMs, cohorts: 1 });
    expect(counted).toBe(i === 0 ? '' : 'other');
    counted = names.of('digits', { cohort: i, atMs }).app('real');
  }
  expect(counted).toBe('real');
});
