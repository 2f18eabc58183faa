import { inCell } from '../results/markdown.ts';
import { formatShare } from '../results/words.ts';
import type { AtlasResult } from './atlas-result.ts';
import { byOperator, type ShownColumn, showColumns } from './by-operator.ts';
import { count, judgedOf, rightOf, rightShare, VERDICT_WORDS, VERDICTS } from './verdicts.ts';

/** The counts as a table, and below it one of the operators that are not right everywhere. */
export function atlasToMarkdown(result: AtlasResult): string {
  const { device, at, library, tests } = result;
  const columns = showColumns(result);
  const verdicts = VERDICTS.filter((verdict) => columns.some(({ counts }) => counts[verdict] > 0));
  const heads = ['backend', 'right of those with a kernel', ...verdicts.map(nameOf), 'seconds'];
  const lines = columns.map((column) => [
    titleOf(column),
    shareOf(column),
    ...verdicts.map((verdict) => String(column.counts[verdict])),
    column.seconds.toFixed(0),
  ]);
  return [
    `### Operators of ONNX: ${inCell(device.browser)} on ${inCell(device.system)}`,
    '',
    ...table(heads, lines),
    '',
    ...operatorTable(result, columns),
    `${at.slice(0, 10)}, Nearside ${inCell(library)}; ${tests.list.length} node tests of ${inCell(tests.source)}, compared with ONNX’s own tolerance.`,
    '',
  ].join('\n');
}

function nameOf(verdict: keyof typeof VERDICT_WORDS): string {
  return VERDICT_WORDS[verdict].name;
}

function titleOf({ backend, hardware, isSoftwareGpu }: ShownColumn): string {
  const place = hardware && hardware !== 'cpu' ? ` (${hardware})` : '';
  return `${backend}${place}${isSoftwareGpu ? ', software GPU' : ''}`;
}

function shareOf({ counts, problem }: ShownColumn): string {
  if (problem) return problem.message;
  const share = rightShare(counts);
  return share === undefined ? '–' : formatShare(share);
}

function operatorTable({ tests }: AtlasResult, columns: readonly ShownColumn[]): string[] {
  const lines = byOperator(tests.list).flatMap(({ operator, tests }) => {
    const cells = columns.map((column) => {
      const counts = count(tests.map(({ name }) => column.verdictOf(name)));
      const judged = judgedOf(counts);
      return { text: judged === 0 ? '–' : `${rightOf(counts)}/${judged}`, counts };
    });
    const isPlain = cells.every(({ counts }) => counts.wrong + counts.failed === 0);
    return isPlain ? [] : [[operator, ...cells.map(({ text }) => text)]];
  });
  if (lines.length === 0) return [];
  return [...table(['right of', ...columns.map(titleOf)], lines), ''];
}

function table(heads: readonly string[], lines: readonly (readonly string[])[]): string[] {
  return [heads, heads.map(() => '---'), ...lines].map(
    (cells) => `| ${cells.map((cell) => (cell === '---' ? cell : inCell(cell))).join(' | ')} |`,
  );
}
