import { version } from 'nearside/package.json';
import { deviceFacts } from './measure/device-facts.ts';
import { watchPage } from './measure/page-watch.ts';
import { runBench } from './measure/run-bench.ts';
import type { BenchModel } from './models/bench-model.ts';
import { type DroppedFile, lookAt, modelOfFile } from './models/dropped.ts';
import { OFFERED } from './models/offered.ts';
import { keepEarlier, readEarlier } from './results/earlier.ts';
import { toMarkdown } from './results/markdown.ts';
import { modelJsonValues, recommend } from './results/recommend.ts';
import { type BenchResult, parseResult, RESULT_FORMAT } from './results/result.ts';
import { fromFragment, toFragment } from './results/share-link.ts';
import { part } from './views/element.ts';
import { copy, onFile, saveJson } from './views/hand-out.ts';
import { hideNotice, say, sayProblem } from './views/notice.ts';
import { openFolds, recommendationInWords, showResult } from './views/result-view.ts';
import { showAllFigures, showHead } from './views/rows-view.ts';
import { FILE, readSetup, showFile, showSetup, showSetupSummary } from './views/setup-view.ts';
import { showDevice } from './views/show-device.ts';

/** As the library takes by itself where a page is isolated. */
const MOST_THREADS = 4;

const page = watchPage();
const earlier = readEarlier();
let device: Awaited<ReturnType<typeof deviceFacts>>;
let dropped: DroppedFile | undefined;
let model: BenchModel | undefined;
let result: BenchResult | undefined;
let baseline: BenchResult | undefined;
let running: AbortController | undefined;

openPage().catch(sayProblem);

async function openPage(): Promise<void> {
  device = await deviceFacts();
  const threads = device.isIsolated ? Math.min(MOST_THREADS, device.cores) : 1;
  showHead();
  openFolds();
  showSetup(threads, new URLSearchParams(location.search));
  showSetupSummary(readSetup());
  showDevice(device);
  part('compare-earlier').hidden = !earlier;
  listen();
  document.documentElement.dataset.state = 'ready';
  if (await showShared()) return;
  await run();
}

/** @returns whether the address was one of a result, also of a broken one */
async function showShared(): Promise<boolean> {
  if (location.hash.length < 2) return false;
  try {
    const shared = await fromFragment(location.hash);
    if (!shared) return false;
    result = shared;
    showResult(shared, undefined);
    showValues([]);
    enableSharing();
    const { browser, system } = shared.device;
    say(
      `A result of ${shared.at.slice(0, 10)}, measured in ${browser} on ${system}. Run it here to compare.`,
      'plain',
    );
  } catch (error) {
    sayProblem(error);
  }
  return true;
}

function listen(): void {
  part('run').addEventListener('click', () => void run());
  part('cancel').addEventListener('click', () =>
    running?.abort(new DOMException('Cancelled', 'AbortError')),
  );
  part('form').addEventListener('change', () => showSetupSummary(readSetup()));
  part('form').addEventListener('submit', (event) => event.preventDefault());
  onFile(part<HTMLInputElement>('file'), takeFile);
  onFile(part<HTMLInputElement>('compare-file'), compareWithFile);
  part('compare-earlier').addEventListener('click', () => compareWith(earlier));
  part('compare-none').addEventListener('click', () => compareWith(undefined));
  part('copy-link').addEventListener('click', () => void copyLink());
  part('copy-markdown').addEventListener(
    'click',
    () => result && void copy(toMarkdown(result), 'Markdown'),
  );
  part('copy-values').addEventListener(
    'click',
    () => void copy(part('values').textContent ?? '', 'Values'),
  );
  part('save-json').addEventListener('click', saveResult);
  part('all-figures').addEventListener('click', showAllFigures);
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    if (file) void takeFile(file);
  });
}

/** Ends when the run under way has, where there is one. */
let ended: Promise<void> = Promise.resolve();

function run(): Promise<void> {
  if (!running) ended = runOnce();
  return ended;
}

async function runOnce(): Promise<void> {
  const controller = new AbortController();
  running = controller;
  const { signal } = controller;
  hideNotice();
  showRunning(true);
  const setup = readSetup();
  try {
    const { contenders, threads, batches } = setup;
    model = await modelOf(setup, signal);
    if (result && location.hash && !baseline) baseline = result;
    result = emptyResult(model, threads);
    const current = result;
    await runBench({ model, contenders, threads, batches }, current, {
      signal,
      page,
      onChange({ what, done, total }) {
        part<HTMLProgressElement>('progress').value = total === 0 ? 1 : done / total;
        part('progress-what').textContent = what;
        showResult(current, baseline);
      },
    });
    keepResult(current);
  } catch (error) {
    if (!signal.aborted) sayProblem(error);
    else say('Cancelled. What was measured until then stays.', 'plain');
  } finally {
    running = undefined;
    showRunning(false);
    if (result) showValues(model?.spec.variants ?? []);
    document.documentElement.dataset.state = 'done';
  }
}

async function modelOf(
  { model: id, pins }: ReturnType<typeof readSetup>,
  signal: AbortSignal,
): Promise<BenchModel> {
  if (id === FILE && dropped) return modelOfFile(dropped, pins);
  const offered = OFFERED.find((each) => each.id === id) ?? OFFERED[0];
  if (!offered) throw new TypeError('Expected a model to offer, got none.');
  part('progress-what').textContent = `Fetching ${offered.title}`;
  return offered.load(signal);
}

function emptyResult({ id, title, sizeBytes }: BenchModel, threads: number): BenchResult {
  return {
    format: RESULT_FORMAT,
    kind: 'nearside-benchmark',
    at: new Date().toISOString(),
    library: version,
    model: { id, title, sizeBytes },
    threads,
    device,
    rows: [],
  };
}

function keepResult(kept: BenchResult): void {
  if (!keepEarlier(kept))
    part('share-said').textContent =
      'This browser keeps nothing for this page: save the JSON to compare later.';
}

async function takeFile(file: File): Promise<void> {
  running?.abort(new DOMException('Another model was chosen', 'AbortError'));
  await ended;
  hideNotice();
  part('progress-line').hidden = false;
  part('progress-what').textContent = `Looking at ${file.name}`;
  dropped = await lookAt(file, new AbortController().signal);
  showFile(dropped);
  showSetupSummary(readSetup());
  part('progress-line').hidden = true;
  const { refusal, freeAxes } = dropped;
  if (refusal) sayProblem(refusal);
  else if (freeAxes.length > 0)
    say(
      `${file.name} leaves ${freeAxes.join(', ')} free: write lengths below “Model”, then run.`,
      'plain',
    );
  else await run();
}

async function compareWithFile(file: File): Promise<void> {
  try {
    compareWith(parseResult(await file.text()));
  } catch (error) {
    sayProblem(error);
  }
}

function compareWith(other: BenchResult | undefined): void {
  baseline = other;
  part('compare-none').hidden = !other;
  if (result) showResult(result, baseline);
}

async function copyLink(): Promise<void> {
  if (!result) return;
  const { origin, pathname } = location;
  await copy(`${origin}${pathname}${await toFragment(result)}`, 'Link');
}

function saveResult(): void {
  if (result)
    saveJson(result, `nearside-benchmark-${result.model.id}-${result.at.slice(0, 10)}.json`);
}

function showValues(variants: readonly { readonly name: string }[]): void {
  const best = result && recommend(result);
  part('values-card').hidden = !best;
  if (!result || !best) return;
  part('values').textContent = modelJsonValues(best, variants);
  part('values-what').textContent = recommendationInWords(result) ?? '';
}

/** Half a run is nothing to hand out. */
function enableSharing(): void {
  part('hand-out').hidden = !result || Boolean(running);
}

function showRunning(isRunning: boolean): void {
  part('run').hidden = isRunning;
  part('cancel').hidden = !isRunning;
  part('progress-line').hidden = !isRunning;
  enableSharing();
  if (isRunning) document.documentElement.dataset.state = 'running';
}
