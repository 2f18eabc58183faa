import { expect } from 'vitest';
import { type Option, variableOf, variablesOf } from '../packages/collector/src/command/option.js';
import { SERVE_OPTIONS } from '../packages/collector/src/command/serve-options.js';

/** Each is a variable of a collector, its value is taken, and a file that it names is one of `files`. */
export function checkVariables(
  variables: readonly (readonly [name: string, value: string])[],
  files: readonly string[],
): void {
  const options: Option<unknown>[] = Object.values(SERVE_OPTIONS);
  for (const [name, value] of variables) {
    const option = options.find((one) => variablesOf(one).includes(name));
    expect(option, name).toBeDefined();
    if (value.startsWith('/')) expect(files, name).toContain(value);
    else if (option && variableOf(option) === name) option.parse([value]);
  }
}
