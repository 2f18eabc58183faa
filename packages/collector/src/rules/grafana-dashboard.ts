/** A chart, or a number, of the dashboard. */
interface Panel {
  readonly title: string;
  readonly type: 'timeseries' | 'stat' | 'table';
  /** As Grafana names units. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

interface Query {
  readonly expr: string;
  /** Names a line by the labels of its series. */
  readonly legend: string;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Names that a reader chooses, and a metric that has each of them. */
const VARIABLES = [
  { name: 'model', label: 'Model', metric: 'nearside_inferences_total' },
  { name: 'version', label: 'Version', metric: 'nearside_inferences_total{model=~"$model"}' },
  { name: 'arm', label: 'Side of a rollout', metric: 'nearside_arm_inferences_total' },
  { name: 'backend', label: 'Backend', metric: 'nearside_inferences_total' },
  { name: 'device', label: 'Device class', metric: 'nearside_device_class_inferences_total' },
] as const;

const VERSION = 'model=~"$model",version=~"$version"';
const SET = `${VERSION},backend=~"$backend"`;

/** How fast counters grow, each sum once: collectors on one database say the same. */
function rate(metric: string, labels: string, by: string): string {
  const replicas = `max without (instance, pod) (rate(${metric}{${labels}}[$__rate_interval]))`;
  return `sum by (${by}) (${replicas})`;
}

function failedShare(metric: string, labels: string, by: string): string {
  const failed = rate(metric, `${labels},outcome="error"`, by);
  return `${failed} / ${rate(metric, `${labels},outcome=~"ok|error"`, by)}`;
}

function chart(title: string, unit: string, expr: string, legend: string): Panel {
  return { title, type: 'timeseries', unit, queries: [{ expr, legend }] };
}

function stat(title: string, unit: string, expr: string): Panel {
  return { title, type: 'stat', unit, queries: [{ expr, legend: '' }] };
}

const RUNS = 'nearside_inferences_total';
const DURATION = 'nearside_inference_duration_seconds_bucket';

const quantile = (share: number): Query => ({
  expr: `histogram_quantile(${share}, ${rate(DURATION, SET, 'version, le')})`,
  legend: `P${100 * share} {{version}}`,
});

const grownInDay = (metric: string, labels: string): string =>
  `sum by (version) (max without (instance, pod) (increase(${metric}{${labels}}[1d])))`;

const ROWS: readonly Row[] = [
  {
    title: 'Now',
    panels: [
      {
        title: 'Open findings',
        type: 'table',
        unit: 'none',
        queries: [
          {
            expr: 'max by (model, version, kind) (nearside_finding{model=~"$model"}) or vector(0)',
            legend: '',
          },
        ],
      },
      stat('Since the last look', 's', 'time() - max(nearside_last_look_timestamp_seconds)'),
      stat('Collectors that are ready', 'none', 'sum(nearside_collector_ready)'),
    ],
  },
  {
    title: 'Runs',
    panels: [
      chart('Runs', 'ops', rate(RUNS, SET, 'version, outcome'), '{{version}} {{outcome}}'),
      chart('Failed runs', 'percentunit', failedShare(RUNS, SET, 'version'), '{{version}}'),
      chart('Errors', 'ops', rate('nearside_inference_errors_total', SET, 'code'), '{{code}}'),
      chart(
        'Failed runs of an hour, as rules see them',
        'percentunit',
        `nearside:failed:share1h{${VERSION}}`,
        '{{model}} {{version}}',
      ),
      {
        title: 'Time from call to result',
        type: 'timeseries',
        unit: 's',
        queries: [0.5, 0.95, 0.99].map(quantile),
      },
      chart(
        'Results within the target',
        'percentunit',
        `${rate('nearside_inferences_within_target_total', SET, 'version')} / ${rate(RUNS, `${SET},outcome="ok"`, 'version')}`,
        '{{version}}',
      ),
    ],
  },
  {
    title: 'Where',
    panels: [
      chart(
        'Failed runs by backend',
        'percentunit',
        failedShare(RUNS, SET, 'backend'),
        '{{backend}}',
      ),
      chart(
        'Failed runs by device class',
        'percentunit',
        failedShare(
          'nearside_device_class_inferences_total',
          `${VERSION},device=~"$device"`,
          'device',
        ),
        '{{device}}',
      ),
      chart(
        'Failed runs by side of a rollout',
        'percentunit',
        failedShare('nearside_arm_inferences_total', `${VERSION},arm=~"$arm"`, 'version, arm'),
        '{{version}} {{arm}}',
      ),
    ],
  },
  {
    title: 'Devices',
    panels: [
      chart(
        'Devices of a day',
        'none',
        grownInDay('nearside_reporting_devices_total', SET),
        '{{version}}',
      ),
      chart(
        'Devices with a failed run',
        'none',
        grownInDay('nearside_failing_devices_total', VERSION),
        '{{version}}',
      ),
      chart('Opens', 'ops', rate('nearside_opens_total', VERSION, 'outcome'), '{{outcome}}'),
      chart('Failed opens', 'ops', rate('nearside_open_errors_total', VERSION, 'code'), '{{code}}'),
      chart(
        'Runs that waited for a load',
        'percentunit',
        `${rate('nearside_cold_inferences_total', VERSION, 'version')} / ${rate(RUNS, `${VERSION},outcome="ok"`, 'version')}`,
        '{{version}}',
      ),
      chart(
        'Backends left alone',
        'ops',
        rate('nearside_quarantines_total', `${VERSION},backend=~"$backend"`, 'backend'),
        '{{backend}}',
      ),
      chart(
        'Updates',
        'ops',
        rate('nearside_updates_total', VERSION, 'version, outcome'),
        '{{version}} {{outcome}}',
      ),
      chart(
        'Answers of the app',
        'ops',
        rate('nearside_fallbacks_total', SET, 'version'),
        '{{version}}',
      ),
      chart(
        'Bytes fetched',
        'Bps',
        rate('nearside_fetched_bytes_total', VERSION, 'model'),
        '{{model}}',
      ),
      chart(
        'Events that no report has',
        'ops',
        rate('nearside_lost_events_total', 'model=~"$model"', 'reason'),
        '{{reason}}',
      ),
    ],
  },
  {
    title: 'Collector',
    panels: [
      chart(
        'Reports',
        'reqps',
        'sum by (outcome) (rate(nearside_collector_reports_total[$__rate_interval]))',
        '{{outcome}}',
      ),
      chart(
        'P99 until a report is on disk',
        's',
        'histogram_quantile(0.99, sum by (instance, le) (rate(nearside_collector_write_duration_seconds_bucket[$__rate_interval])))',
        '{{instance}}',
      ),
      chart('Memory', 'bytes', 'nearside_collector_resident_memory_bytes', '{{instance}}'),
      chart('Free on the disk', 'bytes', 'nearside_collector_free_bytes', '{{instance}}'),
    ],
  },
];

/** The columns of Grafana's grid, and the size of a panel in them. */
const [COLUMNS, WIDTH, HEIGHT] = [24, 8, 8];

/**
 * Makes the dashboard of who is on call, as Grafana imports it.
 *
 * @param url the collector's, whose own dashboard has intervals and says what was found
 */
export function grafanaDashboard(url: string) {
  return {
    uid: 'nearside-on-call',
    title: 'Nearside: on call',
    tags: ['nearside'],
    schemaVersion: 39,
    timezone: 'utc',
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    links: [{ title: 'Collector', type: 'link', url, targetBlank: true }],
    templating: { list: [DATASOURCE, ...VARIABLES.map(variable)] },
    panels: placed(),
  };
}

const DATASOURCE = {
  name: 'datasource',
  label: 'Prometheus',
  type: 'datasource',
  query: 'prometheus',
};
const PROMETHEUS = { type: 'prometheus', uid: '$datasource' };

function variable({ name, label, metric }: (typeof VARIABLES)[number]) {
  return {
    name,
    label,
    type: 'query',
    datasource: PROMETHEUS,
    query: { query: `label_values(${metric}, ${name})`, refId: name },
    refresh: 2, // when the time changes
    includeAll: true,
    allValue: '.*', // a version is empty while none is known
    multi: true,
    current: { text: 'All', value: '$__all' },
  };
}

/** Places rows under each other, and the panels of a row beside each other. */
function placed() {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels } of ROWS) {
    all.push({ id: all.length + 1, type: 'row', title, gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    y += 1;
    for (const [i, panel] of panels.entries()) {
      const x = (i * WIDTH) % COLUMNS;
      if (i > 0 && x === 0) y += HEIGHT;
      all.push(panelAt(panel, { id: all.length + 1, x, y }));
    }
    y += HEIGHT;
  }
  return all;
}

function panelAt(
  { title, type, unit, queries }: Panel,
  { id, x, y }: { id: number; x: number; y: number },
) {
  return {
    id,
    title,
    type,
    gridPos: { x, y, w: WIDTH, h: HEIGHT },
    datasource: PROMETHEUS,
    fieldConfig: { defaults: { unit }, overrides: [] },
    targets: queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode(65 + i),
      expr,
      legendFormat: legend,
      instant: type !== 'timeseries',
      range: type === 'timeseries',
      ...(type === 'table' && { format: 'table' }),
    })),
  };
}

/** All expressions of the dashboard. */
export function dashboardExpressions(): string[] {
  return ROWS.flatMap(({ panels }) =>
    panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
  );
}
