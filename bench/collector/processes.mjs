import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a script beside this one that prints a line of JSON when it is ready. */
export async function startScript(name, ...args) {
  const child = runScript(name, args);
  const ready = await firstLine(child);
  return {
    ...ready,
    pid: child.pid,
    collectGarbage: () => child.kill('SIGUSR2'),
    async end(signal = 'SIGTERM') {
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}

/** Sends reports: for `seconds`, or `count` of them; with `invented` names. */
export async function sendLoad(port, { connections = 128, ...how }) {
  const child = runScript('load.mjs', [JSON.stringify({ port, connections, ...how })]);
  return firstLine(child);
}

function runScript(name, args) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // a bench that fails leaves nothing behind
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

async function firstLine(child) {
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    if (text.includes('\n')) return JSON.parse(text.slice(0, text.indexOf('\n')));
  }
  throw new Error('a script of the bench ended without a word');
}
