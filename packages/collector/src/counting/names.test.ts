import type { ModelFacts } from '@nearside/core';
import { expect, test } from 'vitest';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { freshNames, NOW_MS, sampleContribution, sampleReport } from '../testing/sample-report.js';
import { contributionOf } from './contribution.js';
import { createNames, type FoldedKind, NAME_LIMITS } from './names.js';

const NOTHING = { names: [], series: [], units: [] };

function foldedBy(work: (onFold: (kind: FoldedKind) => void) => void): FoldedKind[] {
  const folded: FoldedKind[] = [];
  work((kind) => folded.push(kind));
  return folded;
}

test('the first 50 models with 20 versions each get rows, others are counted together', () => {
  const folded = foldedBy((onFold) => {
    const names = createNames(NOTHING, { onFold });
    for (let i = 0; i < 51; i += 1) {
      const { model } = names.of(`model-${i}`);
      expect(model).toBe(i < 50 ? `model-${i}` : 'unlisted');
    }
    const { version } = names.of('model-7');
    for (let i = 0; i < 21; i += 1) {
      expect(version(`1.${i}.0`)).toBe(i < 20 ? `1.${i}.0` : 'unlisted');
    }
    expect(names.of('another').version('1.0.0')).toBe('unlisted');
  });
  expect(folded).toEqual(['model', 'version', 'model']);
});

test('app releases are held to 20 a model, those of the library to 12 and outcomes to 4', () => {
  const names = freshNames().of('digits');
  const apps = Array.from({ length: 30 }, (_, i) => names.app(`build ${i}`));
  expect(apps.filter((name) => name === 'other')).toHaveLength(10);
  const libraries = Array.from({ length: 14 }, (_, i) => names.library(`0.${i}.0`));
  expect(libraries.slice(11)).toEqual(['0.11.0', 'other', 'other']);
  const outcomes = Array.from({ length: 6 }, (_, i) => names.outcome(`goal ${i}`));
  expect(outcomes.slice(4)).toEqual(['other', 'other']);
});

test('a name that plain objects have already is counted as other', () => {
  const names = freshNames().of('digits');
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
  const names = createNames(NOTHING, { facts });
  const { model, version, baseline } = names.of('digits');
  expect(model).toBe('digits');
  expect(version('1.2.0', 'ab'.repeat(32))).toBe('1.2.0');
  expect(version('1.2.0', 'cd'.repeat(32))).toBe('unlisted');
  expect(version('1.3.0')).toBe('unlisted');
  expect(baseline('1.2.0', '0123456789abcdef')).toBe('0123456789abcdef');
  expect(baseline('1.2.0', 'ffffffffffffffff')).toBe('other');
  expect(names.of('pages').model).toBe('unlisted');
  names.useFacts(undefined);
  expect(names.of('pages').model).toBe('pages');
});

test('a restart admits the names that had rows before it', async () => {
  const store = openSqliteRollupStore(':memory:');
  const names = freshNames();
  for (let i = 0; i < 25; i += 1) {
    await store.add([sampleContribution({ dimensions: { version: `1.${i}.0` } }, { names })]);
  }
  const again = createNames(await store.names()).of('digits');
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
  const { names: known } = await store.names();
  const baselines = known.filter(({ kind, name }) => kind === 'baseline' && name !== 'other');
  // 1.3.0 is tried as an update by each, and takes one of the 20
  expect(baselines.length).toBeLessThanOrEqual(NAME_LIMITS.version);
  await store.close();
});
