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

/** Each sum once: collectors on one database say the same. */
function fleet(function_: 'rate' | 'increase', series: string, window: string, by: string): string {
  return `sum by (${by}) (max without (instance, pod) (${function_}(${series}[${window}])))`;
}

const rate = (series: string, by: string) => fleet('rate', series, '$__rate_interval', by);

/** Names a line by the labels that its series keeps. */
const legendOf = (by: string) => by.replaceAll(/\w+/g, '{{$&}}').replaceAll(',', '');

function chart(title: string, unit: string, expr: string, by: string): Panel {
  return { title, type: 'timeseries', unit, queries: [{ expr, legend: legendOf(by) }] };
}

function stat(title: string, unit: string, expr: string): Panel {
  return { title, type: 'stat', unit, queries: [{ expr, legend: '' }] };
}

function rates(title: string, series: string, by: string, unit = 'ops'): Panel {
  return chart(title, unit, rate(series, by), by);
}

function share(title: string, [part, whole]: readonly [string, string], by: string): Panel {
  return chart(title, 'percentunit', `${rate(part, by)} / ${rate(whole, by)}`, by);
}

function failures(title: string, metric: string, labels: string, by: string): Panel {
  const failed = `${metric}{${labels},outcome="error"}`;
  return share(title, [failed, `${metric}{${labels},outcome=~"ok|error"}`], by);
}

function daily(title: string, series: string): Panel {
  return chart(title, 'none', fleet('increase', series, '1d', 'version'), 'version');
}

const RUNS = 'nearside_inferences_total';
const OF_DEVICES = 'nearside_device_class_inferences_total';
const OF_ARMS = 'nearside_arm_inferences_total';
const ALL_FINDINGS = 'max by (model, version, kind) (nearside_finding{model=~"$model"})';
const WRITES = 'rate(nearside_collector_write_duration_seconds_bucket[$__rate_interval])';

const quantile = (share: number): Query => {
  const buckets = rate(`nearside_inference_duration_seconds_bucket{${SET}}`, 'version, le');
  return {
    expr: `histogram_quantile(${share}, ${buckets})`,
    legend: `P${100 * share} {{version}}`,
  };
};

const TIMES: Panel = {
  title: 'Time from call to result',
  type: 'timeseries',
  unit: 's',
  queries: [0.5, 0.95, 0.99].map(quantile),
};

const ROWS: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    'Now',
    [
      { ...stat('Open findings', 'none', `${ALL_FINDINGS} or vector(0)`), type: 'table' },
      stat('Since the last look', 's', 'time() - max(nearside_last_look_timestamp_seconds)'),
      stat('Collectors that are ready', 'none', 'sum(nearside_collector_ready)'),
    ],
  ],
  [
    'Runs',
    [
      rates('Runs', `${RUNS}{${SET}}`, 'version, outcome'),
      failures('Failed runs', RUNS, SET, 'version'),
      rates('Errors', `nearside_inference_errors_total{${SET}}`, 'code'),
      chart(
        'Failed runs of an hour, as rules see them',
        'percentunit',
        `nearside:failed:share1h{${VERSION}}`,
        'model, version',
      ),
      TIMES,
      share(
        'Results within the target',
        [`nearside_inferences_within_target_total{${SET}}`, `${RUNS}{${SET},outcome="ok"}`],
        'version',
      ),
    ],
  ],
  [
    'Where',
    [
      failures('Failed runs by backend', RUNS, SET, 'backend'),
      failures('By device class', OF_DEVICES, `${VERSION},device=~"$device"`, 'device'),
      failures('By side of a rollout', OF_ARMS, `${VERSION},arm=~"$arm"`, 'version, arm'),
    ],
  ],
  [
    'Devices',
    [
      daily('Devices of a day', `nearside_reporting_devices_total{${SET}}`),
      daily('Devices with a failed run', `nearside_failing_devices_total{${VERSION}}`),
      rates('Opens', `nearside_opens_total{${VERSION}}`, 'outcome'),
      rates('Failed opens', `nearside_open_errors_total{${VERSION}}`, 'code'),
      share(
        'Runs that waited for a load',
        [`nearside_cold_inferences_total{${VERSION}}`, `${RUNS}{${VERSION},outcome="ok"}`],
        'version',
      ),
      rates('Backends left alone', `nearside_quarantines_total{${SET}}`, 'backend'),
      rates('Updates', `nearside_updates_total{${VERSION}}`, 'version, outcome'),
      rates('Answers of the app', `nearside_fallbacks_total{${SET}}`, 'version'),
      rates('Bytes fetched', `nearside_fetched_bytes_total{${VERSION}}`, 'model', 'Bps'),
      rates('Events in no report', 'nearside_lost_events_total{model=~"$model"}', 'reason'),
    ],
  ],
  [
    'Collector',
    [
      chart(
        'Reports',
        'reqps',
        'sum by (outcome) (rate(nearside_collector_reports_total[$__rate_interval]))',
        'outcome',
      ),
      chart(
        'P99 until a report is on disk',
        's',
        `histogram_quantile(0.99, sum by (instance, le) (${WRITES}))`,
        'instance',
      ),
      chart('Memory', 'bytes', 'nearside_collector_resident_memory_bytes', 'instance'),
      chart('Free on the disk', 'bytes', 'nearside_collector_free_bytes', 'instance'),
    ],
  ],
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
    links: [linkTo('Collector', url)],
    templating: { list: [DATASOURCE, ...VARIABLES.map(variable)] },
    panels: placed(),
  };
}

/** Grafana requires each field. */
function linkTo(title: string, url: string) {
  return {
    title,
    type: 'link',
    url,
    targetBlank: true,
    icon: 'external link',
    tooltip: '',
    tags: [],
    asDropdown: false,
    includeVars: false,
    keepTime: false,
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
  for (const [title, panels] of ROWS) {
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
  const panels = ROWS.flatMap(([, own]) => own);
  return panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));
}
