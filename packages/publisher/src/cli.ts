import { runCommand } from './commands/run-command.js';
import { askSecret } from './terminal/ask-secret.js';
import type { Terminal } from './terminal/terminal.js';

const terminal: Terminal = {
  out: (line) => console.log(line),
  error: (line) => console.error(line),
  progress: process.stderr.isTTY ? (line) => console.error(line) : undefined,
  interrupted: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
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

process.exitCode = await runCommand(process.argv.slice(2), terminal);
