import { runCommand } from '../commands/run-command.js';
import type { Terminal } from '../terminal/terminal.js';

/** Runs the command `nearside` in this process, and takes what it prints. */
export async function runNearside(words: readonly string[], terminal: Partial<Terminal> = {}) {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCommand(words, {
    out: (line) => out.push(line),
    error: (line) => errors.push(line),
    interrupted: async () => {},
    debug: false,
    ...terminal,
  });
  return { exitCode, out: out.join('\n'), errors: errors.join('\n') };
}
