import { version } from 'nearside/package.json';
import { deviceFacts, isSoftwareGpu } from '../measure/device-facts.ts';
import { watchPage } from '../measure/page-watch.ts';
import { textOfFragment, toFragment } from '../results/share-link.ts';
import { element, part } from '../views/element.ts';
import { copy, onFile, saveJson } from '../views/hand-out.ts';
import { hideNotice, say, sayProblem } from '../views/notice.ts';
import { showDevice } from '../views/show-device.ts';
import { ATLAS_BACKENDS } from './atlas-backends.ts';
import { atlasToMarkdown } from './atlas-markdown.ts';
import { ATLAS_FORMAT, type AtlasResult, forLink, listTests, parseAtlas } from './atlas-result.ts';
import { byOperator, filterRows, showColumns } from './by-operator.ts';
import { type Corpus, type CorpusTest, loadCorpus } from './corpus.ts';
import { readFilter, showFilter } from './filter-view.ts';
import { showOperators } from './operators-view.ts';
import { type Progress, runAtlas } from './run-atlas.ts';
import { showSummary } from './summary-view.ts';

/** A run has tens of tests a second: the page is drawn this often, and for a twentieth of the time at most, ms. */
const REDRAW = Object.freeze({ afterMs: 400, timesAsLong: 20 });

const WITHOUT_TESTS =
  'This page was built without the node tests of ONNX, so it can show results and run none.';

const page = watchPage();
const wanted = new URLSearchParams(location.search);
let device: AtlasResult['device'];
let corpus: Corpus | undefined;
let result: AtlasResult | undefined;
let baseline: AtlasResult | undefined;
let running: AbortController | undefined;

openPage().catch(sayProblem);

async function openPage(): Promise<void> {
  listen();
  device = await deviceFacts();
  showDevice(device);
  showBackends();
  try {
    corpus = await loadCorpus();
    if (!corpus) say(WITHOUT_TESTS, 'plain');
    part('tests-what').textContent = corpus
      ? `${corpus.tests.length.toLocaleString('en-GB')} node tests of ONNX, from Debian’s ${corpus.source}.`
      : 'None here.';
    result = corpus && emptyResult(corpus);
    await showShared();
  } finally {
    part<HTMLButtonElement>('run').disabled = !corpus;
    draw();
    document.documentElement.dataset.state = 'ready';
  }
}

async function showShared(): Promise<void> {
  const text = await textOfFragment(location.hash);
  if (text === undefined) return;
  result = parseAtlas(text, corpus);
  const { browser, system } = result.device;
  showDevice(result.device);
  say(`A result of ${result.at.slice(0, 10)}, from ${browser} on ${system}.`, 'plain');
}

function showBackends(): void {
  const asked = wanted.get('backends')?.split(',');
  const choices = ATLAS_BACKENDS.map(({ backend, note }) => {
    const isOn = asked ? asked.includes(backend) : backend === 'onnx-wasm' || device.gpu !== null;
    return element('label', { class: 'choice' }, [
      element('input', { type: 'checkbox', name: 'backend', value: backend, checked: isOn }),
      element('span', {}, [`${backend} `, element('span', { class: 'soft' }, [noteOf(note)])]),
    ]);
  });
  part('backends').replaceChildren(...choices);
}

function noteOf(note: string): string {
  if (note !== 'GPU') return note;
  if (device.gpu === null) return 'no WebGPU here';
  return isSoftwareGpu(device.gpu) ? 'software GPU' : note;
}

function listen(): void {
  part('run').addEventListener('click', () => void run());
  part('cancel').addEventListener('click', () =>
    running?.abort(new DOMException('Cancelled', 'AbortError')),
  );
  part('filter').addEventListener('input', () => draw());
  part('filter').addEventListener('submit', (event) => event.preventDefault());
  part('copy-link').addEventListener('click', () => void copyLink());
  part('copy-markdown').addEventListener(
    'click',
    () => result && void copy(atlasToMarkdown(result), 'Markdown'),
  );
  part('save-json').addEventListener('click', () => {
    if (result) saveJson(result, `nearside-atlas-${result.at.slice(0, 10)}.json`);
  });
  onFile(part<HTMLInputElement>('compare-file'), compareWithFile);
  part('compare-none').addEventListener('click', () => compareWith(undefined));
}

async function run(): Promise<void> {
  if (running || !corpus) return;
  const controller = new AbortController();
  running = controller;
  const { signal } = controller;
  const chosen = new FormData(part<HTMLFormElement>('setup')).getAll('backend');
  /** Seconds that a test may run, for a device that is slower than any here. */
  const limit = Number(wanted.get('limit'));
  const current = emptyResult(corpus);
  result = current;
  hideNotice();
  showDevice(device);
  showRunning(true);
  const redraw = drawNowAndThen();
  try {
    await runAtlas(
      {
        corpus,
        backends: ATLAS_BACKENDS.filter(({ backend }) => chosen.includes(backend)),
        isWanted,
        runLimitMs: limit > 0 ? 1000 * limit : undefined,
        isCompared: wanted.has('compared'),
      },
      {
        signal,
        page,
        onChange(columns, progress) {
          current.columns = columns;
          showProgress(progress);
          redraw();
        },
      },
    );
  } catch (error) {
    if (!signal.aborted) sayProblem(error);
    else say('Cancelled. What was found until then stays.', 'plain');
  } finally {
    running = undefined;
    showRunning(false);
    draw();
    document.documentElement.dataset.state = 'done';
  }
}

/** `?only=Add,test_relu`: operators, or tests by name. */
function isWanted({ name, operator }: CorpusTest): boolean {
  const only = wanted.get('only');
  return only === null || only.split(',').some((each) => each === operator || each === name);
}

function emptyResult(tests: Corpus): AtlasResult {
  const { source, identity } = tests;
  return {
    format: ATLAS_FORMAT,
    kind: 'nearside-atlas',
    at: new Date().toISOString(),
    library: version,
    device,
    tests: { source, identity, list: listTests(tests) },
    columns: [],
  };
}

function draw(): void {
  const hasResult = result !== undefined && result.columns.length > 0;
  for (const id of ['copy-link', 'copy-markdown', 'save-json'])
    part<HTMLButtonElement>(id).disabled = !hasResult || Boolean(running);
  const shown = hasResult ? result : (baseline ?? result);
  if (!shown) return;
  const own = shown === result ? showColumns(result) : [];
  const columns = [...own, ...(baseline ? showColumns(baseline, nameOf(baseline)) : [])];
  const rows = byOperator(shown.tests.list);
  showSummary(columns);
  showFilter(rows, columns);
  const filter = readFilter();
  const isNarrowed = filter.text.trim() !== '' || filter.kind !== 'all';
  showOperators(filterRows(rows, columns, filter), columns, isNarrowed);
}

function nameOf({ device }: AtlasResult): string {
  return `${device.browser}, ${device.system}`;
}

/** @returns draws, unless it has just done so */
function drawNowAndThen(): () => void {
  let nextMs = 0;
  return () => {
    const startMs = performance.now();
    if (startMs < nextMs) return;
    draw();
    const endMs = performance.now();
    nextMs = endMs + Math.max(REDRAW.afterMs, REDRAW.timesAsLong * (endMs - startMs));
  };
}

function showProgress({ what, done, total }: Progress): void {
  part<HTMLProgressElement>('progress').value = total === 0 ? 1 : done / total;
  part('progress-what').textContent = `${done} of ${total} · ${what}`;
}

function showRunning(isRunning: boolean): void {
  part('run').hidden = isRunning;
  part('cancel').hidden = !isRunning;
  part('progress-line').hidden = !isRunning;
  if (isRunning) document.documentElement.dataset.state = 'running';
}

async function copyLink(): Promise<void> {
  if (!result) return;
  const { origin, pathname } = location;
  await copy(`${origin}${pathname}${await toFragment(forLink(result))}`, 'Link');
}

async function compareWithFile(file: File): Promise<void> {
  try {
    compareWith(parseAtlas(await file.text(), corpus));
  } catch (error) {
    sayProblem(error);
  }
}

function compareWith(other: AtlasResult | undefined): void {
  baseline = other;
  part('compare-none').hidden = !other;
  if (other)
    part('share-said').textContent =
      `Beside it: ${other.at.slice(0, 10)}, ${other.device.browser} on ${other.device.system}.`;
  else part('share-said').textContent = '';
  draw();
}
