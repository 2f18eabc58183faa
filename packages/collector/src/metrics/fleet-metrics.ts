import { HISTOGRAM_SCALES, type Histogram, total } from '@nearside/core';
import {
  addCounts,
  type ByName,
  type Counts,
  countIn,
  latencyOf,
  sumOf,
} from '../counting/counts.js';
import type { Series } from '../counting/known-names.js';
import { type Targets, targetsOf } from '../files/targets.js';
import { countUpTo, targetBound } from '../fleet/target-bound.js';
import type { Totals } from '../store/rollup-store.js';
import { type MetricFamily, prometheusText, type Sample, valueText } from './prometheus-text.js';

/**
 * Bounds of the classic histogram: 2^k ms for k = −3 … 15, 0.125 ms to 32.768 s. Powers of two
 * are bounds of the exponential histogram too, so folding moves no value over a bound.
 */
const BOUND_EXPONENTS = Array.from({ length: 19 }, (_, i) => i - 3);

export const METRIC_LIMITS = Object.freeze({
  /** Sets of model, version, variant and backend. A set has up to 75 series. */
  sets: 400,
  /** Models with their versions. One has up to 65 series. */
  versions: 400,
});

type Labels = Record<string, string>;

/** Rows with the same labels, added up. */
interface Group {
  readonly labels: Labels;
  readonly punctual: Counts;
  readonly late: { reports: number; ok: number; failed: number };
  readonly firsts: ByName;
  readonly loss: ByName;
}

/**
 * Writes what the fleet counted since the store was made. The counts are cumulative, and the same on every replica.
 * Where there are too many sets, those that reported last are shown, and the number of the others is a metric.
 *
 * @param totals the series that reported last first
 */
export function fleetMetrics(totals: readonly Totals[], targets: Targets): string {
  const sets = groupBy(totals, ['model', 'version', 'variant', 'backend']);
  const shown = sets.slice(0, METRIC_LIMITS.sets);
  const versions = groupBy(totals, ['model', 'version']).slice(0, METRIC_LIMITS.versions);
  const recent = new Set(versions.map(({ labels }) => Object.values(labels).join(' ')));
  const ofRecent = totals
    .filter(({ model, version }) => recent.has(`${model} ${version}`))
    .map(withoutHistograms);
  const arms = groupBy(
    ofRecent.filter(({ arm }) => arm !== ''),
    ['model', 'version', 'arm'],
  );
  const devices = groupBy(ofRecent, ['model', 'version', 'device']);
  const models = groupBy(ofRecent, ['model']);
  return prometheusText([
    ...callFamilies(shown, targets),
    ...versionFamilies(versions, targets),
    ...openFamilies(versions),
    ...updateFamilies(models),
    {
      name: 'nearside_arm_inferences_total',
      help: 'Inferences by the side of a rollout that the install is on. Reports that came in time.',
      type: 'counter',
      samples: arms.flatMap(okAndFailed),
    },
    {
      name: 'nearside_device_class_inferences_total',
      help: 'Inferences by class of device. Reports that came in time.',
      type: 'counter',
      samples: devices.flatMap(okAndFailed),
    },
    {
      name: 'nearside_late_inferences_total',
      help: 'Inferences of reports that came over an hour after their window began. No other counter of inferences has them.',
      type: 'counter',
      samples: models.flatMap(({ labels, late: { ok, failed } }) =>
        outcomes(labels, { ok, failed }),
      ),
    },
    {
      name: 'nearside_lost_events_total',
      help: 'Events and reports that devices could not report, by reason.',
      type: 'counter',
      samples: models.flatMap(({ labels, loss }) => byName(labels, 'reason', loss)),
    },
    {
      name: 'nearside_metric_sets_left_out',
      help: 'Sets of model, version, variant and backend beyond the limit of this page: those that reported longest ago.',
      type: 'gauge',
      samples: [{ labels: {}, value: sets.length - shown.length }],
    },
  ] satisfies MetricFamily[]);
}

function callFamilies(groups: readonly Group[], targets: Targets): MetricFamily[] {
  const bounds = boundsOf(groups, (model) => targetsOf(targets, model).p95Ms);
  return [
    {
      name: 'nearside_inferences_total',
      help: 'Inferences reported by devices in time, by how they ended.',
      type: 'counter',
      samples: groups.flatMap(({ labels, punctual: { ok, failed, aborted, invalid } }) =>
        outcomes(labels, { ok, failed, aborted, invalid: sumOf(invalid) }),
      ),
    },
    {
      name: 'nearside_inference_errors_total',
      help: 'Failed inferences reported by devices in time, by error code.',
      type: 'counter',
      samples: groups.flatMap(({ labels, punctual }) => byName(labels, 'code', punctual.errors)),
    },
    {
      name: 'nearside_inference_duration_seconds',
      help: 'Time from call to result on the device. Reports that came in time.',
      type: 'histogram',
      samples: groups.flatMap(({ labels, punctual }) =>
        classicHistogram(latencyOf(punctual), labels),
      ),
    },
    {
      name: 'nearside_inferences_within_target_total',
      help: `Inferences that took at most nearside_target_seconds. Reports that came in time.`,
      type: 'counter',
      samples: groups.map(({ labels, punctual }) => ({
        labels,
        value: countWithin(bounds, labels, punctual),
      })),
    },
    {
      name: 'nearside_target_seconds',
      help: 'The bound of a histogram bucket that is nearest to the target of a model: what is counted within it is exact.',
      type: 'gauge',
      samples: boundSamples(bounds),
    },
    {
      name: 'nearside_reporting_devices_total',
      help: 'Devices that reported, counted once per UTC day and version.',
      type: 'counter',
      samples: groups.map(({ labels, firsts }) => ({
        labels,
        value: firsts['version-day'] ?? 0,
      })),
    },
    {
      name: 'nearside_fallbacks_total',
      help: "Inferences that the app's own function answered. Reports that came in time.",
      type: 'counter',
      samples: groups.map(({ labels, punctual }) => ({ labels, value: punctual.fallbacks ?? 0 })),
    },
  ];
}

/** Families that rules need, by version alone: by set they would be many times the series. */
function versionFamilies(groups: readonly Group[], targets: Targets): MetricFamily[] {
  const bounds = boundsOf(groups, (model) => targetsOf(targets, model).p99Ms);
  const counted = (countOf: (group: Group) => number | undefined): Sample[] =>
    groups.map((group) => ({ labels: group.labels, value: countOf(group) ?? 0 }));
  return [
    {
      name: 'nearside_inferences_within_p99_target_total',
      help: 'Inferences that took at most nearside_p99_target_seconds. Reports that came in time.',
      type: 'counter',
      samples: counted(({ labels, punctual }) => countWithin(bounds, labels, punctual)),
    },
    {
      name: 'nearside_p99_target_seconds',
      help: 'The bound of a histogram bucket that is nearest to the target for P99 of a model.',
      type: 'gauge',
      samples: boundSamples(bounds),
    },
    {
      name: 'nearside_cold_inferences_total',
      help: 'Inferences that waited for a load. Reports that came in time.',
      type: 'counter',
      samples: counted(({ punctual }) => punctual.cold),
    },
    {
      name: 'nearside_failing_devices_total',
      help: 'Devices with a failed inference, counted once per UTC day, version assigned and side of a rollout. Signed models alone.',
      type: 'counter',
      samples: groups
        .filter(({ firsts }) => firsts['arm-day'])
        .map(({ labels, firsts }) => ({ labels, value: firsts['arm-day-failed'] ?? 0 })),
    },
    {
      name: 'nearside_reports_total',
      help: 'Reports with inferences. Reports that came in time.',
      type: 'counter',
      samples: counted(({ punctual }) => punctual.used),
    },
    {
      name: 'nearside_failed_shares_total',
      help: 'Sum of the share of failed inferences of each report, so a device that tries all day counts as others do. Reports that came in time.',
      type: 'counter',
      samples: counted(({ punctual: { failedPerMille = 0 } }) => failedPerMille / 1000),
    },
    {
      name: 'nearside_fetched_bytes_total',
      help: 'Bytes of models that devices fetched from the network. Reports that came in time.',
      type: 'counter',
      samples: counted(({ punctual }) => punctual.bytes),
    },
    {
      name: 'nearside_quarantines_total',
      help: 'Backends that devices left alone, because they failed or computed wrong numbers, by backend. Reports that came in time.',
      type: 'counter',
      samples: groups.flatMap(({ labels, punctual }) =>
        byName(labels, 'backend', quarantinesByBackend(punctual)),
      ),
    },
  ];
}

function quarantinesByBackend({ quarantines = {} }: Counts): ByName {
  const found: ByName = {};
  for (const [key, n] of Object.entries(quarantines)) {
    const [backend = ''] = key.split(' ');
    found[backend] = (found[backend] ?? 0) + n;
  }
  return found;
}

function updateFamilies(models: readonly Group[]): MetricFamily[] {
  return [
    {
      name: 'nearside_updates_total',
      help: 'Devices that changed to a version, that could not, and that gave it up later. Reports that came in time.',
      type: 'counter',
      samples: models.flatMap(({ labels, punctual }) =>
        Object.entries(punctual.updates ?? {}).flatMap(([version, update]) =>
          outcomes(
            { ...labels, version },
            {
              installed: update.installed,
              failed: sumOf(update.failed),
              'rolled-back': sumOf(update.rolledBack),
            },
          ),
        ),
      ),
    },
  ];
}

type Bounds = ReadonlyMap<string, ReturnType<typeof targetBound>>;

/** Finds the bound that is nearest to the target of each model. */
function boundsOf(groups: readonly Group[], targetMs: (model: string) => number): Bounds {
  const models = new Set(groups.map(({ labels }) => labels.model ?? ''));
  return new Map([...models].map((model) => [model, targetBound(targetMs(model))]));
}

function boundSamples(bounds: Bounds): Sample[] {
  return [...bounds].map(([model, { ms }]) => ({
    labels: { model },
    value: Number((ms / 1000).toPrecision(6)),
  }));
}

function countWithin(bounds: Bounds, { model = '' }: Labels, counts: Counts): number {
  return countUpTo(latencyOf(counts), bounds.get(model)?.index ?? 0);
}

function openFamilies(groups: readonly Group[]): MetricFamily[] {
  return [
    {
      name: 'nearside_opens_total',
      help: 'Models opened, from the network (cold starts) or from the store of the device (cache hits), and those that failed. Reports that came in time.',
      type: 'counter',
      samples: groups.flatMap(({ labels, punctual: { histograms, opens } }) =>
        outcomes(labels, {
          network: countIn(histograms?.['opens.network']),
          store: countIn(histograms?.['opens.store']),
          failed: sumOf(opens?.failed),
        }),
      ),
    },
    {
      name: 'nearside_open_errors_total',
      help: 'Opens that failed, by error code. Reports that came in time.',
      type: 'counter',
      samples: groups.flatMap(({ labels, punctual }) =>
        byName(labels, 'code', punctual.opens?.failed),
      ),
    },
  ];
}

/** Most of the time goes into adding histograms up, which only sets and versions show. */
function withoutHistograms({ counts, ...row }: Totals): Totals {
  const { histograms: _, ...punctual } = counts.punctual ?? {};
  return { ...row, counts: { ...counts, punctual } };
}

/** Groups rows by labels, in the order in which the labels first come. */
function groupBy(totals: readonly Totals[], names: readonly (keyof Series)[]): Group[] {
  const groups = new Map<string, Group>();
  for (const row of totals) {
    const labels = Object.fromEntries(names.map((name) => [name, row[name]]));
    const key = Object.values(labels).join(' ');
    const group = groups.get(key) ?? {
      labels,
      punctual: {},
      late: { reports: 0, ok: 0, failed: 0 },
      firsts: {},
      loss: {},
    };
    groups.set(key, group);
    const { punctual, late, firsts, loss } = row.counts;
    if (punctual) addCounts(group.punctual, punctual);
    if (late) addCounts(group.late, late);
    addCounts(group as Counts, { ...(firsts && { firsts }), ...(loss && { loss }) });
  }
  return [...groups.values()];
}

function okAndFailed({ labels, punctual: { ok, failed } }: Group): Sample[] {
  return outcomes(labels, { ok, failed });
}

function outcomes(labels: Labels, counts: Readonly<Record<string, number | undefined>>): Sample[] {
  return Object.entries(counts).map(([name, value = 0]) => ({
    labels: { ...labels, outcome: name === 'failed' ? 'error' : name },
    value,
  }));
}

function byName(labels: Labels, label: string, counts: ByName = {}): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({
    labels: { ...labels, [label]: name },
    value,
  }));
}

function classicHistogram(histogram: Histogram, labels: Labels): Sample[] {
  const count = total(histogram);
  const buckets = BOUND_EXPONENTS.map((exponent) => ({
    suffix: '_bucket',
    labels: { ...labels, le: valueText(2 ** exponent / 1000) },
    // bucket i of scale s ends at 2^((i + 1) / 2^s)
    value: countUpTo(histogram, exponent * 2 ** HISTOGRAM_SCALES['latency.total'] - 1),
  }));
  return [
    ...buckets,
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: histogram.sum / 1000 },
    { suffix: '_count', labels, value: count },
  ];
}
