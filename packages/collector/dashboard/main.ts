import 'uplot/dist/uPlot.min.css';
import type { ModelSummary } from '../src/store/rollup-store.js';
import { type Answers, type Asking, answered, createAsking } from './asking/ask.js';
import { FleetUnavailable, fetchJson } from './asking/fetch-json.js';
import { createBar } from './bar/bar.js';
import { byId } from './element.js';
import { hideEmptyState, showQuietRange } from './empty-state.js';
import { hideProblem, showProblem } from './problem.js';
import { type Moment, momentOf } from './state/moment.js';
import {
  type PageState,
  pageStateSearch,
  readPageState,
  type ViewName,
} from './state/page-state.js';
import { createView, fetched, type View } from './views.js';

const REFRESH_SECONDS = 15;

let state = readPageState(location.search);
let refreshing = new AbortController();
let timer: ReturnType<typeof setTimeout> | undefined;
/** The model that is shown where the address names none. Others that report meanwhile do not take its place. */
let opened: string | undefined;
/** The content of the page, and its time. */
let last: { what: string; atMs: number } | undefined;

/** Views are kept while another is shown, so that charts are not made again. */
const views = new Map<ViewName, { view: View; asking: Asking }>();
const bar = createBar(choose);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh();
});
window.addEventListener('popstate', () => {
  state = readPageState(location.search);
  refresh();
});
refresh();

/** Makes a choice a step for the browser's back button. The figures on the page are then out of date. */
function choose(change: Partial<PageState>): void {
  state = { ...state, ...change };
  history.pushState(null, '', pageStateSearch(state));
  byId('view').classList.add('stale');
  refresh();
}

/** Asks now, and then every 15 seconds while the page is visible. A newer question ends an older one. */
function refresh(): void {
  refreshing.abort();
  refreshing = new AbortController();
  clearTimeout(timer);
  const { signal } = refreshing;
  byId('view').setAttribute('aria-busy', 'true');
  lookOnce(signal)
    .catch((error: unknown) => {
      if (!signal.aborted) showFailure(error);
    })
    .finally(() => {
      if (signal.aborted) return;
      byId('view').setAttribute('aria-busy', 'false');
      if (!document.hidden) timer = setTimeout(refresh, REFRESH_SECONDS * 1000);
    });
}

async function lookOnce(signal: AbortSignal): Promise<void> {
  const { models, nowMs, minDevices } = await fetchJson<{
    models: ModelSummary[];
    nowMs: number;
    minDevices: number;
  }>('./v1/fleet/models', { about: 'models', fields: ['models', 'nowMs', 'minDevices'], signal });
  hideProblem();
  opened ??= models.toSorted((a, b) => b.lastMs - a.lastMs)[0]?.model;
  const summary = models.find(({ model }) => model === (state.model || opened));
  if (!summary) return await showNothing(models, signal);
  const moment = momentOf(state, summary, { nowMs, minDevices });
  bar.show(moment, models);
  if (state.view !== 'executive' && moment.fromMs > nowMs) return showFuture(summary);
  const { view, asking } = await viewOf(state.view);
  if (signal.aborted) return;
  if (!view.element.isConnected) byId('view').replaceChildren(view.element);
  await asking.refresh(moment, signal, (answers) =>
    showAnswers(view, { moment, answers, summary }),
  );
  view.showOthers?.(models, moment);
}

async function viewOf(name: ViewName): Promise<{ view: View; asking: Asking }> {
  const found = views.get(name);
  if (found) return found;
  const view = await createView(name, { choose, retry: refresh });
  const made = views.get(name) ?? { view, asking: createAsking(view.questions) };
  views.set(name, made);
  return made;
}

function showAnswers(
  view: View,
  { moment, answers, summary }: { moment: Moment; answers: Answers; summary: ModelSummary },
): void {
  const latency = answered(answers, 'latency');
  if (latency) bar.showSegments(latency.segments);
  if (latency ?? answered(answers, 'month')) last = { what: summary.model, atMs: Date.now() };
  byId('view').hidden = false;
  byId('view').classList.remove('stale');
  // a silence is shown in any case
  const isQuiet = state.view !== 'executive' && latency?.total.reports === 0;
  byId('view').classList.toggle('quiet', isQuiet);
  if (isQuiet) {
    const { range } = state;
    showQuietRange(summary, {
      heading: `No reports in ${'key' in range ? range.words : 'this time'}`,
      choose,
    });
  } else {
    hideEmptyState();
  }
  view.show(moment, answers);
}

function showFuture(summary: ModelSummary): void {
  byId('view').hidden = true;
  showQuietRange(summary, { heading: 'This time has not come yet', choose });
}

/** Shows that no model has reported, or not the one that is asked for. */
async function showNothing(models: readonly ModelSummary[], signal: AbortSignal): Promise<void> {
  const { showHowToStart, showUnknownModel } = await fetched(import('./no-model.js'));
  if (signal.aborted) return;
  byId('view').hidden = true;
  byId('controls').hidden = true;
  byId('status').textContent = models.length === 0 ? 'No reports yet' : `No model '${state.model}'`;
  if (models.length === 0) {
    showHowToStart(REFRESH_SECONDS);
  } else {
    const others = models.map(({ model }) => ({
      model,
      href: pageStateSearch({ ...state, model, version: '' }),
    }));
    showUnknownModel(state.model, others);
  }
}

function showFailure(error: unknown): void {
  const isAway = error instanceof FleetUnavailable;
  byId('status').textContent = isAway ? 'Not connected' : 'This page failed';
  byId('view').classList.add('stale');
  const message = error instanceof Error ? error.message : String(error);
  showProblem(message, { last, retry: refresh });
}
