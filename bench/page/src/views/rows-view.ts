import { fastestOf, intervalOf, TURNS_TO_TELL } from '../results/ranking.ts';
import { type BenchResult, isComplete, type ResultRow } from '../results/result.ts';
import {
  correctnessInWords,
  formatBytes,
  formatMs,
  formatMsRange,
  formatRate,
  formatRatio,
  formatShare,
  joinWords,
} from '../results/words.ts';
import { element, part } from './element.ts';

const COLUMNS = [
  'Row',
  'Median',
  'p95',
  'p99',
  'Numbers',
  'Best rate',
  '64 at once',
  'First start',
  'Again',
  'Memory',
];

export function showHead(): void {
  const cells = COLUMNS.map((name) => element('th', { scope: 'col' }, [name]));
  part('rows-head').replaceChildren(element('tr', {}, cells));
}

/** A narrow screen shows each row's median alone at first. */
export function showAllFigures(): void {
  const button = part('all-figures');
  const isWhole = button.getAttribute('aria-expanded') !== 'true';
  button.setAttribute('aria-expanded', String(isWhole));
  button.textContent = isWhole ? 'Fewer figures' : 'All figures';
  part('rows').classList.toggle('whole', isWhole);
}

/** @param baseline what each row is compared with, by its id */
export function showRows(result: BenchResult, baseline: BenchResult | undefined): void {
  const { rows, model } = result;
  const fastest = isComplete(result) ? fastestOf(rows) : [];
  const earlier = new Map(baseline?.rows.map((row) => [row.id, row]));
  const isComparable = baseline?.model.title === model.title;
  const lines = rows.filter(isShown).map((row) =>
    lineOf(row, {
      rank: rankOf(row, fastest),
      earlier: isComparable ? earlier.get(row.id) : undefined,
    }),
  );
  part('rows-body').replaceChildren(...lines);
  part('all-figures').hidden = rows.every(({ latency }) => !latency);
  part('rows-card').hidden = rows.length === 0;
  showLeftOut(rows);
  part('rows-note').textContent = noteOf(rows, baseline, isComparable);
}

function isShown({ state }: ResultRow): boolean {
  return state !== 'skipped';
}

/** Rows that have no part in this run, each reason once. */
function showLeftOut(rows: readonly ResultRow[]): void {
  const leftOut = rows.filter((row) => !isShown(row));
  const reasons = [...new Set(leftOut.map(({ problem }) => problem?.message ?? ''))];
  const items = reasons.map((reason) => {
    const titles = leftOut.filter(({ problem }) => problem?.message === reason);
    return element('li', {}, [`${joinWords(titles.map(({ title }) => title))}: ${reason}`]);
  });
  part('left-out').replaceChildren(...items);
  part('left-out-place').hidden = items.length === 0;
}

function noteOf(
  rows: readonly ResultRow[],
  baseline: BenchResult | undefined,
  isComparable: boolean,
): string {
  if (baseline && !isComparable)
    return `The result to compare with is of another model: ${baseline.model.title}.`;
  if (baseline)
    return `Compared with ${baseline.at.slice(0, 10)}, ${baseline.device.browser} on ${baseline.device.system}.`;
  const thrownAway = rows.reduce((sum, { latency }) => sum + (latency?.thrownAway ?? 0), 0);
  if (thrownAway === 0) return '';
  return `${thrownAway} ${thrownAway === 1 ? 'sample was' : 'samples were'} thrown away: the page was hidden meanwhile.`;
}

function rankOf(row: ResultRow, fastest: readonly ResultRow[]): string {
  if (!fastest.includes(row)) return '';
  return fastest.length > 1 ? 'among the fastest' : 'fastest';
}

interface Beside {
  /** Empty where it is not among the first. */
  readonly rank: string;
  readonly earlier: ResultRow | undefined;
}

function lineOf(row: ResultRow, { rank, earlier }: Beside): HTMLTableRowElement {
  const kind = row.isPeer ? 'peer' : 'own';
  const name = element('th', { scope: 'row' }, [
    element('span', { class: `row-name ${kind}` }, [row.title]),
    ...badgesOf(row, rank),
    element('span', { class: 'row-facts' }, [factsOf(row)]),
    ...(row.latency && row.problem ? [element('span', { class: 'ended' }, messageOf(row))] : []),
  ]);
  const attributes = { 'data-row': row.id, 'data-state': row.state };
  if (row.latency) return element('tr', attributes, [name, ...cellsOf(row, earlier)]);
  const said = row.problem ? messageOf(row) : [stateInWords(row)];
  return element('tr', attributes, [
    name,
    element('td', { class: 'said', colspan: String(COLUMNS.length - 1) }, said),
  ]);
}

function cellsOf(row: ResultRow, earlier: ResultRow | undefined): HTMLTableCellElement[] {
  const { latency, throughput = [], concurrentPerSecond, coldStart, warmStart, memoryBytes } = row;
  const rate = Math.max(0, ...throughput.map(({ perSecond }) => perSecond));
  const batch = throughput.find(({ perSecond }) => perSecond === rate)?.batch;
  return [
    cell('Median', latency && formatMs(latency.p50Ms), {
      isMain: true,
      below: [
        latency && latency.turnMediansMs.length >= TURNS_TO_TELL
          ? formatMsRange(intervalOf(latency))
          : '',
        ratioOf(latency?.p50Ms, earlier?.latency?.p50Ms),
      ],
    }),
    cell('p95', latency && formatMs(latency.p95Ms)),
    cell('p99', latency && formatMs(latency.p99Ms)),
    numbersCell(row),
    cell('Best rate', rate > 0 ? formatRate(rate) : undefined, {
      below: [batch ? `batch of ${batch}` : ''],
    }),
    cell(
      '64 at once',
      concurrentPerSecond === undefined ? undefined : formatRate(concurrentPerSecond),
    ),
    cell('First start', coldStart && formatMs(coldStart.totalMs), {
      below: [ratioOf(coldStart?.totalMs, earlier?.coldStart?.totalMs)],
    }),
    cell('Again', warmStart && formatMs(warmStart.totalMs)),
    cell('Memory', memoryBytes === undefined ? undefined : formatBytes(memoryBytes)),
  ];
}

function cell(
  name: string,
  text: string | undefined,
  { below = [], isMain = false }: { below?: readonly string[]; isMain?: boolean } = {},
): HTMLTableCellElement {
  const small = below.filter(Boolean).map((text) => element('span', { class: 'below' }, [text]));
  const attributes = { 'data-name': name, ...(isMain && { class: 'main' }) };
  return element('td', attributes, [
    text ?? element('span', { class: 'none', title: 'not told' }, ['–']),
    ...small,
  ]);
}

function numbersCell(row: ResultRow): HTMLTableCellElement {
  const { correctness } = row;
  const isWrong =
    correctness !== undefined && correctness.against !== 'nothing' && !correctness.isRight;
  const kind = isWrong
    ? 'wrong'
    : correctness?.against === 'nothing' || !correctness
      ? 'open'
      : 'right';
  const mark = { wrong: '✗ ', right: '✓ ', open: '' }[kind];
  const worst =
    correctness && correctness.against !== 'nothing' ? shareInWords(correctness.worstShare) : '';
  return element(
    'td',
    { 'data-name': 'Numbers', class: `numbers ${kind}`, 'data-testid': 'numbers' },
    [
      `${mark}${correctnessInWords(row)}`,
      ...(worst ? [element('span', { class: 'below' }, [worst])] : []),
    ],
  );
}

function shareInWords(share: number): string {
  if (share > 1000) return 'no number comes near';
  if (share > 1) return `off by ${formatRatio(share)} of what is allowed`;
  if (share < 0.005) return 'to the last digits';
  return `worst at ${formatShare(share)} of what is allowed`;
}

function ratioOf(now: number | undefined, before: number | undefined): string {
  return now !== undefined && before ? `${formatRatio(now / before)} of it` : '';
}

function messageOf({ problem }: ResultRow): (Node | string)[] {
  if (!problem) return [];
  return [element('code', {}, [problem.code]), ' ', problem.message];
}

function stateInWords({ state }: ResultRow): string {
  switch (state) {
    case 'waiting':
      return 'Waiting.';
    case 'running':
      return 'Starts …';
    case 'cancelled':
      return 'Cancelled before it had a number.';
    default:
      return 'No number.';
  }
}

function badgesOf(row: ResultRow, rank: string): HTMLElement[] {
  const badges: [string, string][] = [];
  if (rank) badges.push([rank, 'good']);
  if (row.isSoftwareGpu) badges.push(['software GPU, not ranked', 'plain']);
  if (row.latency && !row.latency.isSteady) badges.push(['never steady', 'plain']);
  if (row.state === 'cancelled' && row.latency) badges.push(['cancelled', 'plain']);
  if (row.state === 'running') badges.push(['measuring', 'plain']);
  return badges.map(([text, kind]) => element('span', { class: `badge ${kind}` }, [text]));
}

function factsOf({ place, backend, variant, threads, hardware }: ResultRow): string {
  const facts: string[] = [place];
  if (backend) facts.push(backend);
  if (variant) facts.push(variant);
  if (threads) facts.push(`${threads} ${threads === 1 ? 'thread' : 'threads'}`);
  if (hardware && hardware !== 'cpu') facts.push(hardware);
  return facts.join(' · ');
}
