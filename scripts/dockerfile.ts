import { readFileSync } from 'node:fs';
import { root } from './root.mjs';

export interface Instruction {
  /** `RUN`, `COPY`, … */
  readonly name: string;
  readonly words: string;
}

/** The instructions of each stage of the Dockerfile, without its `FROM`. Lines that go on are joined. */
export function readStages(): Instruction[][] {
  const text = readFileSync(`${root}Dockerfile`, 'utf8');
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n');
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = '', words = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push([]);
    else if (name !== '') stages.at(-1)?.push({ name, words });
  }
  return stages;
}

/** The words after each instruction of a name. */
export function wordsOf(stage: readonly Instruction[], name: string): string[] {
  return stage.filter((instruction) => instruction.name === name).map(({ words }) => words);
}

/** The variables that a stage sets. */
export function variablesIn(stage: readonly Instruction[]): Record<string, string> {
  const pairs = wordsOf(stage, 'ENV')
    .join(' ')
    .matchAll(/(\w+)=(\S+)/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value]));
}
