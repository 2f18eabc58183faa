import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.mjs';

/** What any command may take, ms: an install on a slow line, a build of Next on two busy cores. */
const COMMAND_MS = 300_000;

/** Until a server answers, ms. */
const START_MS = 90_000;

/** How much of its output an error quotes, characters. */
const QUOTED = 1500;

/**
 * Runs a command in a folder. Its own tools, in node_modules/.bin, are found first.
 *
 * @param {string} dir
 * @param {string[]} command
 * @param {Record<string, string>} [env]
 * @returns {Promise<string>} what it printed on standard output
 * @throws Error with the end of what it printed, where it fails
 */
export async function runIn(dir, command, env) {
  const child = start(dir, command, env);
  child.stdin.end();
  const output = outputOf(child);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    end(child);
  }, COMMAND_MS);
  const [status] = await once(child, 'close');
  clearTimeout(timer);
  if (isLate) throw failure(command, `to end within ${COMMAND_MS / 1000} s`, output);
  if (status !== 0) throw failure(command, 'exit code 0', output);
  return output.printed;
}

/**
 * Starts a server, and waits until it answers.
 *
 * @param {string} dir
 * @param {(port: number) => string[]} commandFor
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function startServer(dir, commandFor) {
  const port = await freePort();
  const command = commandFor(port);
  const child = start(dir, command);
  const output = outputOf(child);
  const closed = once(child, 'close');
  const url = `http://localhost:${port}/`;
  const lastMs = Date.now() + START_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null) throw failure(command, 'a server', output);
    if (Date.now() > lastMs) {
      end(child);
      throw failure(command, `an answer within ${START_MS / 1000} s`, output);
    }
    await wait(200);
  }
  return {
    url,
    async close() {
      end(child);
      await closed;
    },
  };
}

/** Groups of processes would outlive a run that is ended from outside. */
const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) end(child);
    process.exit(1);
  });
}

/** In a process group of its own, so that what it starts ends with it. */
function start(dir, [name, ...args], env = {}) {
  const path = [resolve(dir, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const own = { PATH: path, NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };
  const child = spawn(name, args, {
    cwd: dir,
    detached: true,
    stdio: 'pipe', // esbuild's server ends with its input
    env: { ...process.env, ...own, ...env },
  });
  child.on('error', () => {}); // 'close' follows, with a status of its own
  running.add(child);
  child.on('close', () => running.delete(child));
  return child;
}

/** At once: the folder it works in is thrown away. */
function end(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function outputOf(child) {
  const output = { printed: '', all: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.printed += text;
    output.all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.all += text;
  });
  return output;
}

function failure(command, expected, { all }) {
  const quoted = all.trim().slice(-QUOTED);
  return new Error(`${command.join(' ')}: expected ${expected}; it printed\n${quoted}`);
}

async function answers(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
    await answer.arrayBuffer();
    return answer.status < 500;
  } catch {
    return false;
  }
}
