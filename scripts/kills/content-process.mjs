import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Command lines of processes that run pages, in Chromium, Firefox and WebKitGTK. */
const RUNS_PAGES = /--type=renderer|-contentproc .*\btab\b|\/WebKitWebProcess/;

/** The first wait for an answer, ms: an idle page answers in a few. Each round waits twice as long. */
const FIRST_WAIT_MS = 50;

const ROUNDS = 9;

/**
 * Processes that run pages, in browsers that this process has started.
 *
 * @param {number} [ancestor]
 * @returns {number[]}
 */
export function contentProcesses(ancestor = process.pid) {
  const children = new Map();
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [];
  const waiting = [ancestor];
  for (const pid of waiting) waiting.push(...(children.get(pid) ?? []));
  for (const pid of waiting)
    if (RUNS_PAGES.test(read(pid, 'cmdline').replaceAll('\0', ' '))) found.push(pid);
  return found;
}

/**
 * The process of one page among those of its browser: the page answers while every other one is stopped. How much a process
 * computes says nothing: other pages may be at work, and a browser starts spare processes.
 *
 * @param {{ evaluate(work: () => boolean): Promise<boolean> }} page
 * @returns {Promise<number>}
 */
export async function contentProcessOf(page) {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const pid of contentProcesses().reverse()) {
      if (await answersAlone(page, pid, FIRST_WAIT_MS * 2 ** round)) return pid;
    }
  }
  throw new Error('Expected the page to answer while its process alone runs, got no answer');
}

/** The page answers in time though only one process runs. */
async function answersAlone(page, pid, waitMs) {
  const others = contentProcesses().filter((other) => other !== pid);
  try {
    for (const other of others) signal(other, 'SIGSTOP');
    while (!others.every(isStopped)) await sleep(1);
    const answer = page.evaluate(() => true).catch(() => false);
    return await Promise.race([answer, sleep(waitMs, false)]);
  } finally {
    for (const other of others) signal(other, 'SIGCONT');
  }
}

/** @returns false where the process is gone */
function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** @param {number} pid */
function isStopped(pid) {
  return !isAlive(pid) || /^State:\s+[Tt]/m.test(read(pid, 'status'));
}

/** Ends a process as the kernel of a phone does, and waits until it is gone. @param {number} pid */
export async function killProcess(pid) {
  process.kill(pid, 'SIGKILL');
  while (isAlive(pid)) await sleep(2);
}

/** @param {number} pid */
function isAlive(pid) {
  const status = read(pid, 'status');
  return status !== '' && !/^State:\s+[ZX]/m.test(status);
}

/**
 * Memory that the process has for itself, bytes: anonymous and shared pages, as phones count. Mapped files are left out: the
 * kernel takes them back at will.
 *
 * @param {number} pid
 * @returns {number} 0 of a process that is gone
 */
export function residentBytes(pid) {
  const kilobytes = read(pid, 'status').matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB/gm);
  return [...kilobytes].reduce((sum, [, count]) => sum + 1024 * Number(count), 0);
}

function parentOf(pid) {
  const [, parent] = /^PPid:\s+(\d+)/m.exec(read(pid, 'status')) ?? [];
  return parent === undefined ? undefined : Number(parent);
}

/** @returns what the kernel tells of a process; nothing if it is gone */
function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
