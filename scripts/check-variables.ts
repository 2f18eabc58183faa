import { expect } from 'vitest';
import { type Option, variableOf, variablesOf } from '../packages/collector/src/command/option.js';
import { RULES_OPTIONS } from '../packages/collector/src/command/rules.js';
import { SERVE_OPTIONS } from '../packages/collector/src/command/serve-options.js';

/** The options of all commands that run beside models. */
const OPTIONS: Option<unknown>[] = [SERVE_OPTIONS, RULES_OPTIONS].flatMap((one) =>
  Object.values(one),
);

export const VARIABLES: readonly string[] = OPTIONS.flatMap(variablesOf);

/** Each is a variable of a collector, its value is taken, and a file that it names is one of `files`. */
export function checkVariables(
  variables: readonly (readonly [name: string, value: string])[],
  files: readonly string[],
): void {
  for (const [name, value] of variables) {
    const option = OPTIONS.find((one) => variablesOf(one).includes(name));
    expect(option, name).toBeDefined();
    if (value.startsWith('/')) expect(files, name).toContain(value);
    else if (option && variableOf(option) === name) option.parse([value]);
  }
}
