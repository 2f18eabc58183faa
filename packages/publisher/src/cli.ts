import { constants } from 'node:os';
import { runCommand } from './commands/run-command.js';
import { askSecret } from './terminal/ask-secret.js';
import type { Terminal } from './terminal/terminal.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const terminal: Terminal = {
  out: (line) => console.log(line),
  error: (line) => console.error(line),
  progress: process.stderr.isTTY ? (line) => console.error(line) : undefined,
  interrupted: () =>
    new Promise((resolve) => {
      for (const signal of SIGNALS) process.once(signal, () => resolve());
    }),
  askSecret:
    process.stdin.isTTY && process.stderr.isTTY
      ? (question) =>
          askSecret(question, {
            input: process.stdin,
            write: (text) => process.stderr.write(text),
          })
      : undefined,
  debug: Boolean(process.env.NEARSIDE_DEBUG),
};

// Only an exit removes temporary directories and files, and ends child processes. Another listener is of a command that waits for the signal and ends by itself.
for (const signal of SIGNALS) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
  });
}
process.exitCode = await runCommand(process.argv.slice(2), terminal);
