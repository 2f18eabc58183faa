import 'uplot/dist/uPlot.min.css';
import type { ModelSummary } from '../src/rollup-store.js';
import { answered } from './asking/answered.js';
import { type Answers, type Asking, createAsking } from './asking/ask.js';
import { fetchJson } from './asking/fetch-json.js';
import { createBar } from './bar/bar.js';
import { type Moment, momentOf } from './bar/moment.js';
import {
  type PageState,
  pageStateSearch,
  RANGES,
  readPageState,
  type ViewName,
} from './bar/page-state.js';
import { byId } from './element.js';
import { hideEmptyState, showHowToStart, showQuietRange } from './empty-state.js';
import { hideProblem, showProblem } from './problem.js';
import { createView, type View } from './views.js';

const REFRESH_SECONDS = 15;

let state = readPageState(location.search);
let shown: { name: ViewName; view: View; asking: Asking } | undefined;
let refreshing = new AbortController();
let timer: ReturnType<typeof setTimeout> | undefined;
let last: { what: string; atMs: number } | undefined;

const bar = createBar(choose);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh();
});
window.addEventListener('popstate', () => {
  state = readPageState(location.search);
  refresh();
});
refresh();

/** Each choice is a step that the browser's back button takes back. */
function choose(change: Partial<PageState>): void {
  state = { ...state, ...change };
  history.pushState(null, '', pageStateSearch(state));
  refresh();
}

/** Asks now, then every 15 seconds while the page is visible. A newer question ends an older one. */
function refresh(): void {
  refreshing.abort();
  refreshing = new AbortController();
  clearTimeout(timer);
  const { signal } = refreshing;
  lookOnce(signal)
    .catch((error: unknown) => {
      if (!signal.aborted) showFailure(error);
    })
    .finally(() => {
      if (!signal.aborted && !document.hidden) timer = setTimeout(refresh, REFRESH_SECONDS * 1000);
    });
}

async function lookOnce(signal: AbortSignal): Promise<void> {
  const { models, nowMs } = await fetchJson<{ models: ModelSummary[]; nowMs: number }>(
    './v1/fleet/models',
    signal,
  );
  const summary = models.find(({ model }) => model === state.model) ?? models[0];
  if (!summary) return showHowToStart(REFRESH_SECONDS);
  const moment = momentOf(state, summary, nowMs);
  last = { what: summary.model, atMs: Date.now() };
  hideProblem();
  bar.show(moment, models);
  const { view, asking } = viewOf(state.view);
  byId('view').classList.remove('stale');
  await asking.refresh(moment, signal, (answers) =>
    showAnswers(view, { moment, answers, summary }),
  );
  await view.showOthers?.(models, moment, signal);
}

function viewOf(name: ViewName): { view: View; asking: Asking } {
  if (shown?.name !== name) {
    const view = createView(name, choose);
    shown = { name, view, asking: createAsking(view.questions) };
    byId('view').replaceChildren(view.element);
  }
  return shown;
}

function showAnswers(
  view: View,
  { moment, answers, summary }: { moment: Moment; answers: Answers; summary: ModelSummary },
): void {
  const latency = answered(answers, 'latency');
  if (latency) bar.showSegments(latency);
  const isQuiet = latency !== undefined && latency.total.reports === 0;
  byId('view').hidden = isQuiet;
  if (isQuiet) {
    const { range } = state;
    const words = 'key' in range ? range.words : 'this time';
    showQuietRange(summary, words, () => choose({ range: RANGES[RANGES.length - 1] ?? range }));
    return;
  }
  hideEmptyState();
  view.show(moment, answers);
}

function showFailure(error: unknown): void {
  byId('status').textContent = 'Not connected';
  byId('view').classList.add('stale');
  const message = error instanceof Error ? error.message : String(error);
  showProblem(message, { last, retry: refresh });
}
