import { expect, test } from 'vitest';
import type { FindingEntry } from '../store/rollup-store.js';
import { parsePrometheusText } from '../testing/parse-prometheus-text.js';
import { findingMetrics } from './finding-metrics.js';

function entry(part: Partial<FindingEntry>): FindingEntry {
  return {
    n: 1,
    atMs: 0,
    model: 'digits',
    version: '1.1.0',
    kind: 'drift',
    subject: '',
    state: 'began',
    revision: null,
    figures: {},
    ...part,
  };
}

test('a kind of finding has one series while any of it is open, and none once it has ended', () => {
  const text = findingMetrics({
    lookedMs: 1_772_409_600_500,
    entries: [
      entry({ subject: 'class' }),
      entry({ subject: 'confidence' }),
      entry({ kind: 'success', state: 'ended' }),
      entry({ kind: 'verdict', state: 'roll-back' }),
      entry({ kind: 'silence', version: '' }),
    ],
  });
  expect([...parsePrometheusText(text)]).toEqual([
    ['nearside_finding{model="digits",version="1.1.0",kind="drift"}', 1],
    ['nearside_finding{model="digits",version="",kind="silence"}', 1],
    ['nearside_last_look_timestamp_seconds', 1_772_409_600.5],
  ]);
});

test('before the first look there is no time of it', () => {
  const samples = parsePrometheusText(findingMetrics({ lookedMs: null, entries: [] }));
  expect(samples.size).toBe(0);
});
