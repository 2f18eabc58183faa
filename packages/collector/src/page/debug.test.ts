import { afterAll, beforeAll, expect, test } from 'vitest';
import { largestChanges } from '../../dashboard/charts/share-rows.js';
import { DEBUG_PANELS, DEBUG_QUESTIONS } from '../../dashboard/debug/debug.js';
import { changeWords, distributionsPanel } from '../../dashboard/debug/distributions.js';
import { inputsPanel } from '../../dashboard/debug/faults.js';
import { foldedLine } from '../../dashboard/panel/folded.js';
import type { RollupStore } from '../store/rollup-store.js';
import { FACTS, HOUR_MS } from '../testing/fleet-store.js';
import { type Page, pageOf } from '../testing/page-answers.js';
import { DEVICES, FRIDAY_MS, seededFleet, THURSDAY } from '../testing/seeded-fleet.js';

let store: RollupStore;
let page: Page;

beforeAll(async () => {
  store = await seededFleet();
  page = await pageOf(store, DEBUG_PANELS, DEBUG_QUESTIONS, {
    search: `${THURSDAY}&view=debug`,
    nowMs: FRIDAY_MS + HOUR_MS,
    facts: FACTS,
  });
}, 60_000);
afterAll(() => store.close());

test('stages stand beside the day before', () => {
  const [run] = page.values('stages').rows;
  expect(run?.[0]).toBe('run');
  for (const value of run?.slice(1) ?? []) {
    // the bound of a sketch at scale 2
    expect(Math.abs((value as number) / 8 - 1)).toBeLessThan(0.0865);
  }
});

test('distributions are sorted by how much they changed, beside their past and the lab', () => {
  const { rows } = page.values('distributions');
  const ofNewest = rows.filter(
    (_, i) => page.cells('distributions').rows[i]?.[0]?.aside === '1.1.0',
  );
  expect(ofNewest.map(([name]) => name)).toEqual(['confidence', 'class']);
  // half of the runs went from 1 : 3 : 6 to 4 : 3 : 3
  const [p, q] = [
    [0.25, 0.3, 0.45],
    [0.1, 0.3, 0.6],
  ];
  const psi = p.reduce(
    (sum, share, i) => sum + (share - (q[i] ?? 0)) * Math.log(share / (q[i] ?? 1)),
    0,
  );
  expect(ofNewest[0]?.[1]).toBeCloseTo(psi, 2);
  expect(ofNewest[1]?.[1]).toBeCloseTo(0, 2);
  // an alarm is of two windows running, and a day is the only one here
  expect(ofNewest[0]?.[5]).toBeNull();
});

test('accuracy is estimated, by labels, and of held-out data', () => {
  const { rows } = page.cells('accuracy');
  const [version, estimated, labelled, labels, heldOut] =
    rows.find(([name]) => name?.text === '1.1.0') ?? [];
  expect(version?.text).toBe('1.1.0');
  expect(estimated).toMatchObject({ aside: 'estimated' });
  expect(labelled).toMatchObject({ value: 1, isThin: true });
  expect(labels).toMatchObject({ value: 4 * DEVICES });
  // (50 + 270 + 594) ÷ 1000 of the baseline
  expect(heldOut).toMatchObject({ value: 0.914 });
});

test('reliability and confusion have every bin and pair', () => {
  const { rows } = page.values('reliability');
  expect(rows.map(([bin, , labels, right, lab]) => [bin, labels, right, lab])).toEqual([
    ['0 to 0.5', 0, null, 0.5],
    ['0.5 to 0.9', 2 * DEVICES, 1, 0.9],
    ['0.9 to 1', 2 * DEVICES, 1, 0.99],
  ]);
  const confusion = page.values('confusion');
  expect(confusion.columns).toEqual(['1.1.0', 'cat', 'dog', 'Recall', 'Precision']);
  expect(confusion.rows).toEqual([
    ['cat', 2 * DEVICES, 0, 1, 1],
    ['dog', 0, 2 * DEVICES, 1, 1],
  ]);
});

test('outcomes, quarantines, inputs and updates are counted', () => {
  expect(page.values('outcomes').rows).toEqual([['bought', 0.5, 4 * DEVICES]]);
  expect(page.values('quarantines').rows).toEqual([
    ['tfjs-wasm', 'phone', 'lost-loading', DEVICES],
    ['onnx-webgpu', 'desktop-large', 'golden-mismatch', DEVICES],
  ]);
  expect(page.cells('quarantines').rows.map(([name]) => name?.aside)).toEqual(['float32', 'int8']);
  expect(page.cells('quarantines').note).toBe(
    'The browser ended the page while it loaded the model (lost-loading).',
  );
  // each report says: one missing and two invalid of the first feature
  const reports = 24 * 2 * DEVICES;
  expect(page.values('inputs').rows).toEqual([
    ['feature 0', reports, 0, 2 * reports, `2026.3: ${(3 * reports).toLocaleString('en')}`],
    ['input-invalid', null, null, 2 * DEVICES, ''],
  ]);
  expect(page.values('updates').rows).toMatchObject([
    ['1.1.0', DEVICES, expect.any(String), `network-failed: ${2 * DEVICES}`, ''],
  ]);
});

test('a shadow says how often it decided the same, and how sure the version was that answered', () => {
  expect(page.values('shadow').rows).toEqual([
    ['1.2.0', 20 * DEVICES, 0.9, 2.22222, 0.1], // of the nine in ten that it answered
    ['0–50% sure', 5 * DEVICES, 0.6, '', ''],
    ['50–90% sure', 5 * DEVICES, 1, '', ''],
    ['90–100% sure', 10 * DEVICES, 1, '', ''],
  ]);
  const [whole] = page.cells('shadow').rows;
  expect(whole?.[2]?.detail).toMatch(/^\d.*, of 480 inputs in 24 of 64 groups of devices$/);
});

test('a failed run is found by its id, with its code', () => {
  const [trace] = page.values('traces').rows;
  expect(trace?.[0]).toBe('0badcafe-7');
  expect(trace?.slice(2, 4)).toEqual(['deadline', 250]);
});

test('every panel of the view says something of that day', () => {
  for (const panel of DEBUG_PANELS) {
    expect(page.cells(panel.id).rows.length, panel.id).toBeGreaterThan(0);
  }
});

test('panels that have nothing to show are one line, which says what would fill them', () => {
  const line = foldedLine([
    { title: 'Errors', table: { none: 'No errors in this range.' } },
    { title: 'Traces', table: { none: 'No trace.', filledBy: 'sent only with traceRate' } },
  ]);
  expect(line).toBe('Nothing to show in this time: Errors, Traces (sent only with traceRate).');
});

test('a change is told in a sentence: what the model does, and the bin with most of it', () => {
  const rows = [
    { label: '0 to 0.5', now: 0.4, before: 0.1 },
    { label: '0.5 to 1', now: 0.6, before: 0.9 },
  ];
  const one = { name: 'confidence', kind: 'score', version: '1.2.0', edges: [0, 0.5, 1] } as const;
  expect(changeWords(one, rows)).toBe(
    '1.2.0 is less sure of its answers: confidence 0 to 0.5 came in 40.0% of runs, in 10.0% before.',
  );
  const light = {
    name: 'brightness',
    kind: 'input',
    version: '1.2.0',
    edges: [0, 0.5, 1],
  } as const;
  expect(changeWords(light, rows)).toBe(
    'What 1.2.0 is given has changed: brightness 0 to 0.5 came in 40.0% of runs, in 10.0% before.',
  );
  const kind = { name: 'class', kind: 'output', version: '1.2.0' } as const;
  expect(changeWords(kind, [{ label: 'قطة', now: 0.2, before: 0.5 }])).toBe(
    'What 1.2.0 says has changed: class \u2068قطة\u2069 came in 20.0% of runs, in 50.0% before.',
  );
});

test('of many bins those with the largest changes have a row, in their order, and the others one', () => {
  const rows = Array.from({ length: 32 }, (_, i) => ({
    label: `${i}`,
    now: i % 2 === 0 ? 1 / 16 : 0,
    before: i < 30 ? 1 / 30 : 0,
  }));
  const shown = largestChanges(rows);
  expect(shown).toHaveLength(16);
  expect(shown.at(-1)?.label).toBe('17 others');
  for (const side of ['now', 'before'] as const) {
    expect(shown.reduce((sum, row) => sum + row[side], 0)).toBeCloseTo(1, 10);
  }
  expect(largestChanges(rows.slice(0, 16))).toEqual(rows.slice(0, 16));
});

test('a name that turns its direction, or ends that, turns no words around it', () => {
  const faults = {
    inputs: [
      { feature: 'age', missing: 1, stale: 0, invalid: 0, apps: { 'a\u2069\u202eb': 1, '2.0': 2 } },
    ],
    invalid: {},
  };
  const { rows } = inputsPanel.table({ faults } as never, {} as never);
  expect(rows[0]?.at(-1)?.text).toBe('\u2068ab\u2069: 1, 2.0: 2');
});

test('without a baseline, or with too few devices, distributions say what they need', () => {
  const table = (versions: unknown[]) =>
    distributionsPanel.table({ drift: { versions } } as never, {} as never);
  const version = (i: number, missing?: string) => ({
    version: `1.${i}.0`,
    missing,
    distributions: [],
  });
  expect(distributionsPanel.gist?.(page.cells('distributions'))).toBe('no change that alarms');
  const bare = table([version(0, 'no-baseline')]);
  expect(bare.rows).toEqual([]);
  expect(bare.none).toContain('start the collector with --models models.json');
  expect(bare.filledBy).toContain('--models');
  const compared = (psi?: number) => {
    const change = { psi, expectedPsi: 0.01, jensenShannon: 0, n: 1000 };
    const windows = [{ change: psi === undefined ? null : change }];
    const one = {
      name: 'class',
      fromLab: change,
      windows,
      alarmSinceMs: null,
      parts: [],
      segments: [],
    };
    return table([{ ...version(0), distributions: [one] }]).rows[0]?.[0]?.text;
  };
  expect(compared()).toContain('there is no past to compare with');
  expect(compared(0.02)).toBe('Nothing has changed in what the model sees and says.');
  expect(compared(0.9)).toContain('Not sure yet whether something has changed');
  const many = table(Array.from({ length: 100 }, (_, i) => version(i, 'too-few-devices')));
  expect(many.rows).toEqual([]);
  expect(many.none).toMatch(/^1\.0\.0, 1\.1\.0, 1\.2\.0 and 97 more: too few devices/);
});
