import 'uplot/dist/uPlot.min.css';
import type { FleetLatency } from '../src/fleet/latency.js';
import { createControls } from './controls.js';
import { byId } from './element.js';
import { hideEmptyState, showHowToStart, showQuietRange } from './empty-state.js';
import { type Fleet, fetchFleet } from './fetch-fleet.js';
import { createFleetCharts, type FleetCharts } from './fleet-charts.js';
import { formatSeconds } from './format.js';
import { showHeadline } from './headline.js';
import { createHealth } from './health.js';
import { type PageState, pageStateSearch, RANGES, readPageState } from './page-state.js';
import { hideProblem, showProblem } from './problem.js';
import { showErrors, showOpens, showStages, showVersions } from './tables.js';

const REFRESH_SECONDS = 15;

let state = readPageState(location.search);
let charts: FleetCharts | undefined;
let refreshing = new AbortController();
let timer: ReturnType<typeof setTimeout> | undefined;
let last: { what: string; atMs: number } | undefined;

const controls = createControls(choose);
const health = createHealth();
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh();
});
refresh();

function choose(change: Partial<PageState>): void {
  state = { ...state, ...change };
  history.replaceState(null, '', pageStateSearch(state));
  refresh();
}

/** Asks now, then every 15 seconds while the page is visible. A newer question ends an older one. */
function refresh(): void {
  refreshing.abort();
  refreshing = new AbortController();
  clearTimeout(timer);
  const { signal } = refreshing;
  fetchFleet({ model: state.model, rangeMs: state.range.rangeMs }, { signal })
    .then(showFleet, (error: unknown) => {
      if (!signal.aborted) showFailure(error);
    })
    .finally(() => {
      if (!signal.aborted && !document.hidden) timer = setTimeout(refresh, REFRESH_SECONDS * 1000);
    });
}

function showFleet(fleet: Fleet): void {
  const { latency, models } = fleet;
  last = { what: latency?.model ?? 'this page', atMs: Date.now() };
  hideProblem();
  byId('status').textContent = `Updated ${formatSeconds(last.atMs)}`;
  controls.show(fleet, state);
  const figures = byId('figures');
  figures.classList.remove('stale');
  figures.hidden = latency === undefined || latency.total.reports === 0;
  if (!latency) {
    showHowToStart(REFRESH_SECONDS);
  } else if (figures.hidden) {
    const summary = models.find(({ model }) => model === latency.model);
    showQuietRange(latency.model, state.range, summary?.lastMs ?? 0, () =>
      choose({ range: RANGES[RANGES.length - 1] ?? state.range }),
    );
  } else {
    hideEmptyState();
    showFigures(latency);
    health.show(latency.model);
  }
}

function showFigures(fleet: FleetLatency): void {
  const version = fleet.versions.find(
    (one) => state.version !== '' && one.version === state.version,
  );
  const scope = version ?? fleet.total;
  charts ??= createFleetCharts();
  byId('inferences-unit').textContent = `by version, per ${stepWords(fleet.stepMs)}`;
  byId('reports-unit').textContent =
    fleet.dayBefore.length > 0
      ? `per ${stepWords(fleet.stepMs)}, and a day before`
      : `per ${stepWords(fleet.stepMs)}`;
  showHeadline(fleet, scope);
  charts.show(fleet, scope, version ? `${fleet.model} ${version.version}` : fleet.model);
  showVersions(fleet);
  showOpens(scope);
  showErrors(scope);
  showStages(scope);
}

function showFailure(error: unknown): void {
  byId('status').textContent = 'Not connected';
  byId('figures').classList.add('stale');
  const message = error instanceof Error ? error.message : String(error);
  showProblem(message, { last, retry: refresh });
}

function stepWords(stepMs: number): string {
  const minutes = stepMs / 60_000;
  if (minutes < 60) return `${minutes} min`;
  return minutes < 1440 ? `${minutes / 60} h` : `${minutes / 1440} d`;
}
