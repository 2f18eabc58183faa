import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../files/replace-file.js';
import type { Evaluation } from '../judging/evaluation.js';
import { describeEvaluation, partsTableOf, tableOf } from './describe-evaluation.js';

/** A report for people and programs in a model directory. It is not packed, so no device fetches it. */
export const EVALUATION_FILE = 'evaluation.json';

const BEGIN = '<!-- evaluation: written by nearside, and anew each time -->';
const END = '<!-- /evaluation -->';

/** Writes an evaluation into a model directory: as JSON, and between two marks of its card. */
export async function writeEvaluation(directory: string, evaluation: Evaluation): Promise<void> {
  const json = `${JSON.stringify(evaluation, null, 2)}\n`;
  const card = join(directory, 'MODEL.md');
  const { before, after } = splitCard(await readFile(card, 'utf8'));
  const part = [BEGIN, '', ...partOf(evaluation), '', END].join('\n');
  await replaceFile(card, (temporary) => writeFile(temporary, `${before}\n${part}\n${after}`));
  await replaceFile(join(directory, EVALUATION_FILE), (temporary) => writeFile(temporary, json));
}

/** @returns the card as it was before an evaluation was added at its end */
export function withoutEvaluation(card: string): string {
  const { before, after } = splitCard(card);
  return before + after;
}

/** What stands before and after an evaluation; a card without one gets it at its end. */
function splitCard(card: string): { before: string; after: string } {
  const begin = card.indexOf(`\n${BEGIN}\n`);
  const end = card.indexOf(`\n${END}\n`, begin);
  if (begin < 0 || end < 0) return { before: card, after: '' };
  return { before: card.slice(0, begin), after: card.slice(end + END.length + 2) };
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
