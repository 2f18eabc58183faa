import type { LastFindings } from '../store/rollup-store.js';
import { type MetricFamily, prometheusText } from './prometheus-text.js';

/** Writes which findings are open, and when they were last looked for. */
export function findingMetrics({ lookedMs, entries }: LastFindings): string {
  const open = entries.filter(({ state }) => state === 'began');
  const labels = open.map(({ model, version, kind }) => ({ model, version, kind }));
  const series = new Map(labels.map((one) => [JSON.stringify(one), one]));
  return prometheusText([
    {
      name: 'nearside_finding',
      help: '1 while a finding of this kind is open. The version is empty where it is of the whole model.',
      type: 'gauge',
      samples: [...series.values()].map((one) => ({ labels: one, value: 1 })),
    },
    {
      name: 'nearside_last_look_timestamp_seconds',
      help: 'When findings were last looked for, Unix time. Left out before the first look.',
      type: 'gauge',
      samples: lookedMs === null ? [] : [{ labels: {}, value: lookedMs / 1000 }],
    },
  ] satisfies MetricFamily[]);
}
