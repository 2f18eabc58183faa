import { type Command, InvalidArgumentError } from 'commander';
import type { Evaluation } from '../evaluating/judging/evaluation.js';
import {
  type DescribeOptions,
  describeEvaluation,
  partsTableOf,
  tableOf,
} from '../evaluating/report/describe-evaluation.js';
import type { GateOptions } from '../library/pass-gate.js';
import { formatTable } from './format.js';
import type { Terminal } from './terminal.js';

/** The flags of a command that holds variants against items. */
export interface GateFlags {
  readonly evaluate?: string;
  readonly maxLoss?: number;
  readonly strict?: true;
}

export function addGateOptions(command: Command): Command {
  return command
    .option(
      '--evaluate <folder>',
      'ask each variant these items: <label>/<file>, files alone, or labels.jsonl',
    )
    .option(
      '--max-loss <share>',
      'share of right answers that a variant may lose (default: 0.02)',
      parseShare,
    )
    .option('--strict', 'refuse a variant too that items cannot decide, or that was not asked');
}

function parseShare(text: string): number {
  const share = Number(text);
  if (share > 0 && share < 1) return share;
  throw new InvalidArgumentError('Expected a share above 0 and below 1, such as 0.02.');
}

/** @throws TypeError for flags that mean nothing without `--evaluate` */
export function gateOptions(
  { evaluate, maxLoss, strict }: GateFlags,
  terminal: Terminal,
): GateOptions | undefined {
  if (evaluate === undefined) {
    const given = (maxLoss !== undefined && 'maxLoss') || (strict && 'strict');
    if (given) throw new TypeError(`Expected \`evaluate\` beside \`${given}\`, got none.`);
    return undefined;
  }
  return {
    folder: evaluate,
    maxLoss,
    strict,
    onNote: (sentence) => terminal.error(sentence),
    onProgress: printItems(terminal),
    onStep: (sentence) => terminal.progress?.(sentence),
    onRefused(evaluation) {
      for (const line of describeGate(evaluation, { namesLost: false })) terminal.error(line);
    },
  };
}

/** A line for each variant every so many seconds. */
const STEP_MS = 5000;

function printItems(terminal: Terminal): GateOptions['onProgress'] {
  let nextMs = performance.now() + STEP_MS;
  return ({ variant, corruption, done, total }) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + STEP_MS;
    const how = corruption === undefined ? '' : ` with ${corruption}`;
    terminal.progress?.(`${variant}: ${done} of ${total} items${how}`);
  };
}

/** The tables of an evaluation and what they mean, in lines. */
export function describeGate(
  evaluation: Evaluation | undefined,
  options: DescribeOptions = {},
): string[] {
  if (!evaluation) return [];
  const parts = partsTableOf(evaluation);
  return [
    '',
    ...formatTable(alignRight(tableOf(evaluation), 'bytes')),
    ...(parts.length > 0 ? ['', ...formatTable(alignRight(parts, 'items'))] : []),
    '',
    ...describeEvaluation(evaluation, options),
  ];
}

function alignRight(rows: readonly (readonly string[])[], title: string): string[][] {
  const column = (rows[0] ?? []).indexOf(title);
  const width = Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) => row.map((cell, i) => (i === column ? cell.padStart(width) : cell)));
}
