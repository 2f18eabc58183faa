import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../files/replace-file.js';
import type { Evaluation } from '../judging/evaluation.js';
import { describeEvaluation, partsTableOf, tableOf } from './describe-evaluation.js';

/** A report for people and programs in a model directory. It is not packed, so no device fetches it. */
export const EVALUATION_FILE = 'evaluation.json';

const BEGIN = '<!-- evaluation: written by nearside, and anew each time -->';
const END = '<!-- /evaluation -->';

/** Lines that people may have given other ends, and spaces at theirs. */
const PART = new RegExp(
  `(?:^|\\r?\\n)[ \\t]*${BEGIN}[ \\t]*\\r?\\n[^]*?\\r?\\n[ \\t]*${END}[ \\t]*(?:\\r?\\n|$)`,
  'g',
);

/** Writes an evaluation into a model directory: as JSON, and between two marks of its card. */
export async function writeEvaluation(directory: string, evaluation: Evaluation): Promise<void> {
  const json = `${JSON.stringify(evaluation, null, 2)}\n`;
  const card = join(directory, 'MODEL.md');
  const written = withEvaluation(await readFile(card, 'utf8'), evaluation);
  await replaceFile(card, (temporary) => writeFile(temporary, written));
  await replaceFile(join(directory, EVALUATION_FILE), (temporary) => writeFile(temporary, json));
}

/** @returns the card with an evaluation in place of the one that it has, or at its end */
export function withEvaluation(card: string, evaluation: Evaluation): string {
  const { index } = [...card.matchAll(PART)][0] ?? {};
  const [before, after] = [card.slice(0, index), index === undefined ? '' : card.slice(index)];
  const part = [BEGIN, '', ...partOf(evaluation), '', END].join('\n');
  return `${before}\n${part}\n${withoutEvaluation(after)}`;
}

/** @returns the card as it was before an evaluation was added at its end */
export function withoutEvaluation(card: string): string {
  return card.replace(PART, '');
}

function partOf(evaluation: Evaluation): string[] {
  const parts = partsTableOf(evaluation, inMarkdown);
  return [
    '## What quantising cost',
    '',
    ...tableInMarkdown(tableOf(evaluation), { right: 'bytes' }),
    ...(parts.length > 0 ? ['', ...tableInMarkdown(parts, { right: 'items' })] : []),
    '',
    ...describeEvaluation(evaluation, { shown: inMarkdown }).map((sentence) => `- ${sentence}`),
  ];
}

function tableInMarkdown([head = [], ...rows]: string[][], { right }: { right: string }): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const marks = head.map((title) => (title === right ? '---:' : '---'));
  return [line(head), line(marks), ...rows.map(line)];
}

/** Slices and items have names that somebody else may have given. */
function inMarkdown(name: string): string {
  return name
    .replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, '\ufffd')
    .replace(/[\\`*_[\]|#~]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}
