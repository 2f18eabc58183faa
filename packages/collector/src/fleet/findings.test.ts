import { expect, test } from 'vitest';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import type { NewFindingEntry } from '../store/rollup-store.js';
import { fleetQuery, HOUR_MS, MONDAY_MS } from '../testing/fleet-store.js';
import { sampleFinding } from '../testing/sample-finding.js';
import { fleetFindings } from './findings.js';

const at = (hour: number) => MONDAY_MS + hour * HOUR_MS;

const entry = (hour: number, part: Partial<NewFindingEntry>) =>
  sampleFinding({ atMs: at(hour), figures: { hour }, ...part });

async function written(entries: readonly NewFindingEntry[]) {
  const store = openSqliteRollupStore(':memory:');
  for (const one of entries) await store.addLook([one], one.atMs);
  await store.addLook([], at(20));
  return {
    between: (from: number, to: number) => fleetFindings(store, fleetQuery(at(from), at(to))),
    close: () => store.close(),
  };
}

test('findings that were open at some time of a range are told with their figures, and no others', async () => {
  const { between, close } = await written([
    entry(1, {}),
    entry(2, { kind: 'drift', subject: 'class' }),
    entry(3, { state: 'ended' }),
    entry(4, { kind: 'silence', version: '' }),
    entry(6, { kind: 'drift', subject: 'class', state: 'ended' }),
    entry(8, {}),
    entry(9, { model: 'other' }),
  ]);
  const { lookedMs, findings } = await between(5, 10);
  expect(lookedMs).toBe(at(20));
  expect(findings).toEqual([
    found('drift', [2, 6], { subject: 'class' }),
    found('silence', [4, null], { version: null }),
    found('success', [8, null], {}),
  ]);
  expect((await between(2.5, 5)).findings).toMatchObject([
    { kind: 'success', beganMs: at(1), endedMs: at(3) },
    { kind: 'drift', endedMs: null },
    { kind: 'silence' },
  ]);
  expect((await between(0, 1)).findings).toEqual([]);
  await close();
});

function found(kind: string, [from, to]: [number, number | null], more: object) {
  return {
    kind,
    version: '1.1.0',
    subject: '',
    beganMs: at(from),
    endedMs: to === null ? null : at(to),
    revision: 3,
    figures: { hour: from },
    ...more,
  };
}

test('a range has the verdict that held when it began and those after it, but none that was over', async () => {
  const verdict = (hour: number, state: string, subject = 'e1') =>
    entry(hour, { kind: 'verdict', subject, state });
  const { between, close } = await written([
    verdict(1, 'hold', 'e0'),
    verdict(2, 'over', 'e0'),
    verdict(3, 'none'),
    verdict(4, 'hold'),
    verdict(6, 'roll-back'),
    verdict(8, 'over'),
  ]);
  expect((await between(5, 10)).verdicts).toEqual(
    [
      [4, 'hold'],
      [6, 'roll-back'],
      [8, 'over'],
    ].map(([hour, state]) => ({
      version: '1.1.0',
      experiment: 'e1',
      atMs: at(hour as number),
      verdict: state,
      revision: 3,
      figures: { hour },
    })),
  );
  expect((await between(9, 10)).verdicts).toEqual([]);
  await close();
});

test('what was not looked at is told, before the first look and between two of them', async () => {
  const resumed = (hour: number, sinceMs: number | null) =>
    entry(hour, { model: '', version: '', kind: 'look', state: 'resumed', figures: { sinceMs } });
  const { between, close } = await written([resumed(3, null), resumed(9, at(5))]);
  const first = { fromMs: null, toMs: at(3) };
  const gap = { fromMs: at(5), toMs: at(9) };
  expect((await between(0, 10)).unlooked).toEqual([first, gap]);
  expect((await between(0, 4)).unlooked).toEqual([first]);
  expect((await between(0, 2)).unlooked).toEqual([first]);
  expect((await between(3, 5)).unlooked).toEqual([]);
  expect((await between(6, 7)).unlooked).toEqual([gap]);
  expect((await between(9, 12)).unlooked).toEqual([]);
  expect((await between(0, 10)).findings).toEqual([]);
  await close();
});

test('an end whose beginning is forgotten is no finding', async () => {
  const { between, close } = await written([entry(3, { state: 'ended' })]);
  expect((await between(0, 10)).findings).toEqual([]);
  await close();
});
