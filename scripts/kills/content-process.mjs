import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Command lines of processes that run pages, in Chromium, Firefox and WebKitGTK. */
const RUNS_PAGES = /--type=renderer|-contentproc .*\btab\b|\/WebKitWebProcess/;

/** Long enough to stand out from what idle pages compute, ms. */
const SPIN_MS = 60;

/** The page's process has computed this many times as long as any other. */
const CLEAR_LEAD = 3;

const ROUNDS = 50;

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
 * The process of one page among those of its browser: it computes while the page does.
 *
 * @param {{ evaluate(work: (ms: number) => void, ms: number): Promise<unknown> }} page idle, as the others are
 * @returns {Promise<number>}
 */
export async function contentProcessOf(page) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = new Map(contentProcesses().map((pid) => [pid, computedNs(pid)]));
    await page.evaluate(spin, SPIN_MS);
    const [first, second] = [...before]
      .map(([pid, ns]) => ({ pid, ns: computedNs(pid) - ns }))
      .sort((a, b) => b.ns - a.ns);
    if (first && first.ns > CLEAR_LEAD * (second?.ns ?? 0)) return first.pid;
  }
  throw new Error(
    `Expected one process to compute while the page does, got none clearly in ${ROUNDS} rounds`,
  );
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

/** Of the main thread, which in all three engines is the page's. */
function computedNs(pid) {
  return Number(read(pid, 'schedstat').split(' ')[0]);
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

/** In the page. */
function spin(ms) {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}
