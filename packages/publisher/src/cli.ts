#!/usr/bin/env node
import { runCommand } from './commands/run-command.js';
import type { Terminal } from './commands/terminal.js';

const terminal: Terminal = {
  out: (line) => console.log(line),
  error: (line) => console.error(line),
  interrupted: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    }),
  debug: Boolean(process.env.NEARSIDE_DEBUG),
};

process.exitCode = await runCommand(process.argv.slice(2), terminal);
