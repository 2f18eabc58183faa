import { type BenchResult, isRanked, type ResultRow } from './result.ts';
import { correctnessInWords, formatBytes, formatMs, formatRate } from './words.ts';

const COLUMNS = [
  '',
  'backend',
  'median',
  'p95',
  'first start',
  'again',
  'best rate',
  'main thread held',
  'memory',
  'numbers',
];

/** The result as a table for an issue or a README. */
export function toMarkdown(result: BenchResult): string {
  const { model, device, at, threads, rows } = result;
  const lines = rows.map((row) => line(cells(row)));
  const asked = `${device.browser} on ${device.system}, ${device.cores} cores`;
  return [
    `### ${inCell(model.title)}: ${asked}`,
    '',
    line(COLUMNS),
    line(COLUMNS.map(() => '---')),
    ...lines,
    '',
    `${at.slice(0, 10)}, Nearside ${result.library}, ${threads} threads where a row can be told` +
      `${device.isIsolated ? '' : ', page not isolated'}. ` +
      'Latencies are of rows that took turns; a software GPU and wrong numbers are not ranked.',
    '',
  ].join('\n');
}

function cells(row: ResultRow): string[] {
  const { title, backend = '', latency, coldStart, warmStart, smoothness, memoryBytes } = row;
  if (!latency)
    return [title, row.problem?.message ?? row.state, ...Array(COLUMNS.length - 2).fill('')];
  const place = isRanked(row) ? '' : row.isSoftwareGpu ? ' (software GPU)' : ' (not ranked)';
  const rate = Math.max(0, ...(row.throughput ?? []).map(({ perSecond }) => perSecond));
  return [
    title,
    `${backend}${place}`,
    formatMs(latency.p50Ms),
    formatMs(latency.p95Ms),
    coldStart ? formatMs(coldStart.totalMs) : '',
    warmStart ? formatMs(warmStart.totalMs) : '',
    rate > 0 ? formatRate(rate) : '',
    smoothness ? formatMs(smoothness.blockingMs) : '',
    memoryBytes === undefined ? '' : formatBytes(memoryBytes),
    correctnessInWords(row),
  ];
}

function line(texts: readonly string[]): string {
  return `| ${texts.map(inCell).join(' | ')} |`;
}

/** A file's name may hold what a table is made of. */
export function inCell(text: string): string {
  return text.replace(/[\\|`<>[\]]/g, (mark) => `\\${mark}`).replace(/\s+/g, ' ');
}
