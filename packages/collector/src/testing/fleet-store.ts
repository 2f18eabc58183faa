import type { ModelFacts, Report } from '@nearside/core';
import { type Contribution, contributionOf } from '../counting/contribution.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import type { RollupStore, VersionState } from '../store/rollup-store.js';
import { freshNames, sampleReport, sketch } from './sample-report.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** A Monday, at midnight. */
export const MONDAY_MS = Date.UTC(2026, 2, 2);

export const BASELINE = 'feedfacefeedface';

/** Of the salt in these facts. */
export const EXPERIMENT = '043a7187';

/** A query by the hour, about the model that these devices run. */
export function fleetQuery(fromMs: number, toMs: number) {
  return { model: 'digits', fromMs, toMs, stepMs: HOUR_MS };
}

/** Facts of a model with a stable version and a canary of 5 %. */
export const FACTS: ModelFacts['models'][number] = {
  model: 'digits',
  versions: [
    versionFacts('1.1.0', { state: 'canary', rollout: { salt: 's', fromBps: 0, toBps: 500 } }),
    versionFacts('1.0.0', { state: 'stable' }),
  ],
};

/** Facts that say what these states are. */
export function factsOf(states: readonly VersionState[], revision?: number): ModelFacts {
  const models = new Map<string, ModelFacts['models'][number]['versions']>();
  for (const { model, version, state, rollout } of states) {
    const facts = versionFacts(version, {
      state,
      ...(rollout && { rollout: { salt: 's', ...rollout } }),
    });
    models.set(model, [...(models.get(model) ?? []), facts]);
  }
  return {
    format: 1,
    ...(revision !== undefined && { revision }),
    models: [...models].map(([model, versions]) => ({ model, versions })),
  };
}

function versionFacts(
  version: string,
  more: {
    state: VersionState['state'];
    rollout?: { salt: string; fromBps: number; toBps: number };
  },
) {
  return {
    version,
    manifest: 'ab'.repeat(32),
    sequence: version === '1.0.0' ? 1 : 2,
    baselineHash: BASELINE,
    baseline: {
      format: 2,
      n: 1000,
      distributions: [
        {
          name: 'confidence',
          kind: 'score',
          edges: [0, 0.5, 0.9, 1],
          counts: [100, 300, 600],
          correct: [50, 270, 594],
        },
        { name: 'class', kind: 'output', labels: ['cat', 'dog'], counts: [480, 480, 40] },
      ],
    },
    ...more,
  } as ModelFacts['models'][number]['versions'][number];
}

export interface DeviceReport {
  readonly atMs: number;
  readonly g: number;
  readonly version?: string;
  readonly arm?: 'stable' | 'canary' | 'control';
  readonly device?: string;
  /** Empty for none. */
  readonly app?: string;
  readonly library?: string;
  readonly first?: Report['first'];
  readonly ok?: number;
  readonly failed?: number;
  readonly latencyMs?: number;
  /** Observations of confidence, by bin. */
  readonly confidence?: readonly number[];
  readonly more?: Partial<Report>;
}

/** A report that arrives right after its window. */
export function deviceContribution(
  names: ReturnType<typeof freshNames>,
  given: DeviceReport,
): Contribution {
  const { atMs, g, version = '1.0.0', arm = 'stable', device = 'phone' } = given;
  const { app = '2026.3', library = '0.1.0' } = given;
  const { ok = 10, failed = 0, latencyMs = 20, confidence = [1, 3, 6] } = given;
  const base = sampleReport({
    g,
    t0: atMs,
    sent: atMs + 300_000,
    first: given.first ?? ['version-day', 'version-hour', 'arm-day'],
    dimensions: {
      version,
      arm,
      device,
      experiment: EXPERIMENT,
      library,
      assigned: arm === 'canary' ? '1.1.0' : '1.0.0',
      app: app === '' ? undefined : app,
    },
  });
  const { updates: _, feedback: __, shadow: ___, outcomes: ____, ...rest } = base;
  const seen = confidence.reduce((sum, n) => sum + n, 0);
  const report: Report = {
    ...rest,
    health: { ok, ...(failed > 0 && { errors: { deadline: failed } }) },
    opens: { tried: 1 },
    latency: { total: sketch(new Array<number>(ok).fill(latencyMs), 3) },
    baseline: BASELINE,
    drift: { seen, counts: [[...confidence], [Math.ceil(seen / 2), Math.floor(seen / 2)]] },
    ...given.more,
  };
  return contributionOf(report, atMs + 301_000, names);
}

/** Makes a store that counted these reports, in memory or in a file. */
export async function storeOf(
  reports: readonly DeviceReport[],
  file = ':memory:',
): Promise<RollupStore> {
  const store = openSqliteRollupStore(file);
  const names = freshNames();
  for (let i = 0; i < reports.length; i += 500) {
    await store.add(reports.slice(i, i + 500).map((one) => deviceContribution(names, one)));
  }
  await store.settle();
  return store;
}
