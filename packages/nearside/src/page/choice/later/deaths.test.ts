import { expect, test } from 'vitest';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import { browserName } from '../page-mark.js';
import { lostUpdate, withDeaths } from './deaths.js';
import { DAY_MS, type Death, parseRecord } from './device-record.js';

const NOW_MS = 1_000 * DAY_MS;
const PLACE = { nowMs: NOW_MS, adapter: undefined };
const NOTHING = { deaths: [], runs: [] };

const MARK = {
  phase: 'loading',
  backend: 'onnx-wasm',
  variant: 'int8',
  sequence: 2,
  version: '2.0.0',
  variants: [{ name: 'int8', runtime: 'onnx' }],
  threads: undefined,
  pageMs: 5,
  browser: 'Browser/156',
  library: LIBRARY_VERSION,
  atMs: NOW_MS - 1_000,
};

test('a mark becomes a death, of a version that had settled or not', () => {
  const [death] = withDeaths(NOTHING, [MARK], PLACE).deaths;
  expect(death).toMatchObject({
    phase: 'loading',
    backend: 'onnx-wasm',
    variant: 'int8',
    threads: 1,
    browser: 'Browser/156',
    isSettled: false,
    isLasting: false,
    isTaken: false,
    atMs: MARK.atMs,
  });
  const settled = withDeaths(
    { deaths: [], runs: [{ sequence: 2, good: 3, last: [] }] },
    [MARK],
    PLACE,
  ).deaths;
  expect(settled).toMatchObject([{ isSettled: true }]);
});

test('a page with several marks died once, of what it could have done without, or else of opening', () => {
  const left = (...phases: string[]) => phases.map((phase) => ({ ...MARK, phase }));
  const blamed = (marks: object[]) =>
    withDeaths(NOTHING, marks, PLACE).deaths.map(({ phase }) => phase);
  expect(blamed(left('running', 'loading'))).toEqual(['loading']);
  expect(blamed(left('loading', 'tuning', 'running'))).toEqual(['tuning']);
});

test('pages that were at work side by side died once, as when the power is cut; one that was opening died of itself', () => {
  const [running, loading, opening] = ['running', 'loading', 'opening'].map((phase, i) => {
    return { ...MARK, phase, pageMs: i, atMs: MARK.atMs + i };
  });
  const once = withDeaths(NOTHING, [running, loading], PLACE).deaths;
  expect(once).toMatchObject([{ phase: 'loading', isLasting: false }]);
  const twice = withDeaths(NOTHING, [opening, running], PLACE).deaths;
  expect(twice.map(({ phase }) => phase)).toEqual(['running', 'opening']);
  const again = { ...opening, pageMs: 9 };
  const both = withDeaths(NOTHING, [opening, again], PLACE).deaths;
  expect(both.map(({ isLasting }) => isLasting)).toEqual([false, false]);
});

test('a page that died of a version on probation is an update that was lost, on a device with another version alone', () => {
  const [death] = withDeaths(NOTHING, [MARK], PLACE).deaths as [Death];
  const of = (given: Partial<Death>, versions: object) =>
    lostUpdate({ ...death, ...given }, versions);
  expect(of({}, { active: 2, previous: 1 })).toBe('2.0.0'); // it is opened once more
  expect(of({ phase: 'running' }, { active: 1 })).toBe('2.0.0'); // the one before serves again
  expect(of({ phase: 'updating' }, { active: 1 })).toBe('2.0.0');
  expect(of({}, { active: 2 })).toBe(undefined);
  expect(of({}, {})).toBe(undefined);
  expect(of({ isSettled: true }, { active: 2, previous: 1 })).toBe(undefined);
  expect(of({ phase: 'tuning' }, { active: 2, previous: 1 })).toBe(undefined);
  expect(of({ sequence: undefined, version: undefined }, { active: 2 })).toBe(undefined);
});

test('nothing follows from a mark that is broken, of another library, or from next year', () => {
  const broken = [
    undefined,
    null,
    5,
    'loading',
    [],
    { ...MARK, phase: 'sleeping' },
    { ...MARK, backend: 'abacus' },
    { ...MARK, variant: 5 },
    { ...MARK, sequence: 1.5 },
    { ...MARK, atMs: 'now' },
    { ...MARK, atMs: Number.NaN },
    { ...MARK, browser: undefined },
    { ...MARK, library: '0.0.1' },
    { ...MARK, variants: 'all' },
    { ...MARK, variants: [null] },
    { ...MARK, atMs: NOW_MS + 365 * DAY_MS },
  ];
  for (const mark of broken) expect(withDeaths(NOTHING, [mark], PLACE).deaths).toEqual([]);
});

test('a death that a clock puts ahead is dated now, so that it ends in a day', () => {
  const { deaths } = withDeaths(NOTHING, [{ ...MARK, atMs: NOW_MS + DAY_MS / 2 }], PLACE);
  expect(deaths).toMatchObject([{ atMs: NOW_MS }]);
  const [read] = parseRecord({ deaths, runs: [] }, NOW_MS - DAY_MS / 2).deaths;
  expect(read?.atMs).toBe(NOW_MS - DAY_MS / 2);
});

test('deaths are forgotten after 30 days, but for those that last in this browser', () => {
  const [death] = withDeaths(NOTHING, [MARK], PLACE).deaths;
  const lasting = { ...death, isLasting: true, browser: browserName() };
  const record = { deaths: [death, lasting, { ...lasting, browser: 'another' }], runs: [] };
  expect(parseRecord(record, NOW_MS + 31 * DAY_MS).deaths).toEqual([lasting]);
  expect(parseRecord(record, NOW_MS + DAY_MS).deaths).toHaveLength(3);
});

test('whatever lies in the store is read, and what is broken is left out', () => {
  for (const value of [
    undefined,
    null,
    5,
    'x',
    [],
    { deaths: 'all', runs: 5 },
    { deaths: [null, {}] },
  ]) {
    expect(parseRecord(value, NOW_MS)).toEqual(NOTHING);
  }
  const run = { sequence: 1, backend: 'onnx-wasm', ms: 5, code: undefined };
  const whole = { sequence: 1, good: 2, last: [run] };
  const broken = [
    ...[null, 5, [1, 2], { ...whole, good: 'all' }, { ...whole, last: undefined }],
    ...[null, { ...run, backend: 'abacus' }, { ...run, ms: Number.NaN }, { ...run, code: 5 }].map(
      (one) => ({ ...whole, last: [run, one] }),
    ),
  ];
  expect(parseRecord({ runs: [...broken, whole] }, NOW_MS).runs).toEqual([whole]);
});
