import { fastestOf, intervalOf, medianOf, TURNS_TO_TELL } from './ranking.ts';
import { type BenchResult, isComplete, isRanked, type ResultRow } from './result.ts';
import { formatMs, formatMsRange, formatRatio, joinWords } from './words.ts';

/** A result in short. */
export interface Headline {
  /** In large: how many rows have a number while a run goes on, the least median after it. */
  readonly figure: string;
  readonly what: string;
  /** What somebody would ask next. */
  readonly beside: readonly string[];
}

/** No row is called fastest before all are in. */
export function headlineOf(result: BenchResult): Headline {
  return isComplete(result) ? answer(result.rows) : progress(result.rows);
}

function progress(rows: readonly ResultRow[]): Headline {
  if (rows.length === 0) return { figure: '–', what: 'Starting …', beside: [] };
  const taking = rows.filter(({ state }) => state !== 'skipped' && state !== 'failed');
  const measured = taking.filter(({ latency }) => latency);
  const figure = `${measured.length} of ${taking.length}`;
  if (taking.some(({ state }) => state === 'cancelled')) {
    const what = 'measured when the run was cancelled: which is fastest stays open.';
    return { figure, what, beside: [] };
  }
  const turns = Math.min(...taking.map(({ latency }) => latency?.turnMediansMs.length ?? 0));
  return {
    figure,
    what: turns === 0 ? 'measured' : `measured, ${turnsInWords(turns)}`,
    beside: ['The fastest is named at the end, when all rows are in.'],
  };
}

function turnsInWords(turns: number): string {
  if (turns < TURNS_TO_TELL) return `and again in turns: ${turns} of ${TURNS_TO_TELL} are done`;
  return 'each in six turns; now throughput, the main thread and a second start';
}

function answer(rows: readonly ResultRow[]): Headline {
  const fastest = fastestOf(rows);
  const [first] = fastest;
  if (!first) {
    const what = 'No row is ranked: each failed, has wrong numbers or runs on a software GPU.';
    return { figure: '–', what, beside: [] };
  }
  const inWorker = fastestOf(rows.filter(({ place }) => place === 'worker'));
  const [ours] = fastestOf(rows.filter(({ isPeer }) => !isPeer));
  const isTold = ours && [...fastest, ...inWorker].includes(ours);
  return {
    figure: formatMs(medianOf(first)),
    what: verdict(fastest, { isAlone: rows.filter(isRanked).length === 1 }),
    beside: [
      ...(first.place === 'worker' ? [] : [priceOfWinning(inWorker)]),
      ...(ours && !isTold ? [distance(ours, first)] : []),
    ],
  };
}

function verdict(fastest: readonly ResultRow[], { isAlone }: { isAlone: boolean }): string {
  const [first] = fastest as [ResultRow];
  if (fastest.length > 1) {
    const all = fastest.map((row) => `${row.title} (${spread(row)})`);
    return `${joinWords(all)} cannot be told apart. Medians of one call, in six turns.`;
  }
  const place = isAlone ? 'the only row that is ranked' : 'the fastest';
  return `${first.title} is ${place}. Median of one call, ${spread(first)} in six turns.`;
}

/** A row on the main thread wins time that the page pays for. */
function priceOfWinning(inWorker: readonly ResultRow[]): string {
  const [first] = inWorker;
  if (!first) return 'It holds the page while it computes.';
  const names = joinWords(inWorker.map(({ title }) => title));
  const time = formatMs(medianOf(first));
  const told =
    inWorker.length > 1
      ? `In a worker, ${names} cannot be told apart: ${time}.`
      : `The fastest in a worker: ${names}, ${time}.`;
  return `It holds the page while it computes. ${told}`;
}

function distance(ours: ResultRow, first: ResultRow): string {
  const ratio = formatRatio(medianOf(ours) / medianOf(first));
  return `${ours.title}: ${formatMs(medianOf(ours))}, ${ratio} as long.`;
}

function spread({ latency }: ResultRow): string {
  return latency ? formatMsRange(intervalOf(latency)) : '';
}
