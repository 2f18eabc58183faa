import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NAME_LIMITS } from '../counting/name-rows.js';
import { startCollector } from '../server/start-collector.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import type { VersionState } from '../store/rollup-store.js';
import { factsOf } from '../testing/fleet-store.js';
import { parsePrometheusText } from '../testing/parse-prometheus-text.js';
import { sampleFinding } from '../testing/sample-finding.js';
import { NOW_MS, sampleReport } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { DELIVERY_DAYS } from './delivery-metrics.js';
import { METRIC_LIMITS } from './fleet-metrics.js';

const folder = temporaryFolder();

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: ReadonlySet<string>;
}

/** `/metrics` of a collector that has seen one of everything. */
async function everyMetric(): Promise<string> {
  const models = join(folder, 'models.json');
  const version = { version: '1.2.0', manifest: 'ab'.repeat(32), sequence: 1, state: 'stable' };
  const facts = { format: 1, models: [{ model: 'digits', versions: [version] }] };
  writeFileSync(models, JSON.stringify(facts));
  const file = join(folder, 'collector.sqlite');
  const store = openSqliteRollupStore(file);
  const atMs = NOW_MS - 3000;
  const [drift, verdict] = [
    { version: '1.2.0', kind: 'drift' },
    { version: '1.1.0', kind: 'verdict' },
  ];
  const found = [
    sampleFinding({ ...drift, atMs }),
    sampleFinding({ ...verdict, atMs, state: 'roll-back' }),
  ];
  await store.addLook(found, NOW_MS);
  // of three that were offered one went to all after 4 s, and one was taken back after 7
  for (const [secondsAgo, ...named] of [
    [9, '1.0.0 stable'],
    [8, '1.1.0 canary', '1.2.0 canary', '1.3.0 canary'],
    [4, '1.2.0 stable'],
    [1, '1.1.0 revoked'],
  ] as const) {
    const known = named.map((one) => one.split(' ') as [string, VersionState['state']]);
    const facts = known.map(([version, state]) => ({
      model: 'digits',
      version,
      state,
      rollout: null,
    }));
    await store.keepFacts(factsOf(facts), NOW_MS - 1000 * secondsAgo);
  }
  await store.close();
  await using collector = await startCollector({
    file,
    port: 0,
    local: true,
    now: () => NOW_MS,
    models,
  });
  const reports = [
    sampleReport(),
    sampleReport({ t0: NOW_MS - 2 * 3_600_000 }),
    sampleReport({ dimensions: { version: '9.9.9' } }),
  ];
  for (const report of reports) {
    const body = JSON.stringify(report);
    await fetch(`${collector.url}/v1/reports`, { method: 'POST', body });
  }
  return (await fetch(`${collector.url}/metrics`)).text();
}

function familiesOf(text: string): Family[] {
  const families = new Map<string, Family & { labels: Set<string> }>();
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') families.set(name, { name, help: rest, type: '', labels: new Set() });
    if (keyword === 'TYPE') {
      const family = families.get(name);
      if (family) families.set(name, { ...family, type: rest });
    }
    if (keyword || line === '') continue;
    const sample = /^[a-z0-9_]+/.exec(line)?.[0] ?? '';
    const family = families.get(sample) ?? families.get(sample.replace(/_(bucket|sum|count)$/, ''));
    if (!family) throw new Error(`a sample without a family: ${line}`);
    for (const [, label = ''] of line.matchAll(/([a-z]+)="/g)) {
      if (label !== 'le') family.labels.add(label);
    }
  }
  return [...families.values()];
}

function table(families: readonly Family[]): string {
  const rows = families.map(({ name, type, labels, help }) => {
    const listed = [...labels].map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${listed} | ${help} |`;
  });
  return ['| name | type | labels | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function page(families: readonly Family[]): string {
  const isOwn = ({ name }: Family) => name.startsWith('nearside_collector_');
  return `# Metrics

A collector answers with these metrics at \`/metrics\`, in the Prometheus text format. \`npx vitest run --project unit packages/collector/src/metrics/metrics-docs.test.ts -u\`
makes this page from the code, and a test compares the two.

## Of the fleet

These are sums of the devices' reports since the file or the database was made, where nothing below says otherwise. They never fall,
pruning does not change them, and everybody sees the same. They are not weighted and not suppressed.

${table(families.filter((family) => !isOwn(family)))}

- A report that arrives over an hour after its window began is late. Late reports are in charts, in
  \`nearside_late_inferences_total\`, in devices and in lost events, and in no other counter, so that a page that comes back
  online causes no alert.
- Times from call to result are kept in buckets that end at 2^(k/8) ms. \`nearside_inferences_within_target_total\` counts up
  to the end of the bucket nearest to the target, so it is exact. That end is within 4.5 % of the target, and \`nearside_target_seconds\`
  has it: 197.4 ms for 200 ms. When a target changes, all that was counted is counted anew by it, so the counter jumps up or
  down. That of the P99 target does the same.
- \`nearside_inference_duration_seconds\` has bounds at powers of two of a millisecond.
- \`arm\` and \`device\` are labels of one counter each, because they would multiply the series of all others by 24.
- Error codes, backends, classes of device, sides of a rollout and reasons that this collector does not know are \`other\`.
- Models and versions without rows are \`unlisted\`: those that \`models.json\` does not name, or names with another manifest. Without
  the file there is room for ${NAME_LIMITS.model} models at a time, and for ${NAME_LIMITS.version} versions of each. A version is empty if none was known yet.
- Deployments and their times are no sums: they are what the journal of releases has of the last ${DELIVERY_DAYS} days, as
  \`/v1/fleet/releases\` has it of any range. Versions of the first \`models.json\` that names a model count as old.
- Findings and the time of the last look are no sums: they are what [looks](../packages/collector/README.md#findings) have written
  down. A finding that has ended has no series.
- At most ${METRIC_LIMITS.sets} sets of model, version, variant and backend are shown: those that reported last.
  \`nearside_metric_sets_left_out\` says how many others there are. Where nothing is shown by variant and backend, it is of the ${METRIC_LIMITS.versions}
  versions that reported last. That makes 60,000 series at most.

## Of the process

Counters start at zero with the process.

${table(families.filter(isOwn))}
`;
}

test('docs/metrics.md is what /metrics answers, and of deliveries each number and time is its own', async () => {
  const text = await everyMetric();
  const samples = parsePrometheusText(text);
  const deliveries = [...samples].filter(([name]) =>
    /^nearside_(?:deployments|lead_time|time_to)/.test(name),
  );
  expect(deliveries).toEqual([
    ['nearside_deployments{model="digits"}', 3],
    ['nearside_deployments_taken_back{model="digits"}', 1],
    ['nearside_lead_time_seconds{model="digits"}', 4],
    ['nearside_time_to_restore_seconds{model="digits",from="offer"}', 7],
    ['nearside_time_to_restore_seconds{model="digits",from="verdict"}', 2],
  ]);
  const families = familiesOf(text);
  expect(families.length).toBeGreaterThan(20);
  await expect(page(families)).toMatchFileSnapshot('../../../../docs/metrics.md');
});
