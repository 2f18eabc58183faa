import type { Deliveries } from '../fleet/deliveries.js';
import { type MetricFamily, prometheusText, type Sample } from './prometheus-text.js';

/** Deliveries of so many days are counted. */
export const DELIVERY_DAYS = 90;

/** Writes how the versions of each model were delivered lately. */
export function deliveryMetrics(models: readonly (readonly [string, Deliveries])[]): string {
  const of = (value: (one: Deliveries) => number | null, labels = {}): Sample[] =>
    models.flatMap(([model, one]) => {
      const found = value(one);
      return found === null ? [] : [{ labels: { model, ...labels }, value: found }];
    });
  const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);
  return prometheusText([
    {
      name: 'nearside_deployments',
      help: `Versions that were offered for the first time in the last ${DELIVERY_DAYS} days.`,
      type: 'gauge',
      samples: of(({ deployments }) => deployments),
    },
    {
      name: 'nearside_deployments_taken_back',
      help: `Those of them that were taken back.`,
      type: 'gauge',
      samples: of(({ revoked }) => revoked),
    },
    {
      name: 'nearside_lead_time_seconds',
      help: `Median time from the first offer of a version until it was for all, of the last ${DELIVERY_DAYS} days. Left out where there is none.`,
      type: 'gauge',
      samples: of(({ leadMs }) => seconds(leadMs)),
    },
    {
      name: 'nearside_time_to_restore_seconds',
      help: `Median time until a version was taken back, from its first offer (from="offer") and from the verdict to roll it back (from="verdict"), of the last ${DELIVERY_DAYS} days. Left out where there is none.`,
      type: 'gauge',
      samples: [
        ...of(({ restoreMs }) => seconds(restoreMs), { from: 'offer' }),
        ...of(({ restoreFromVerdictMs }) => seconds(restoreFromVerdictMs), { from: 'verdict' }),
      ],
    },
  ] satisfies MetricFamily[]);
}
