import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sendLoad, startScript } from '../collector/processes.mjs';

/** The kernel counts the time of processes in these, ms. */
const TICK_MS = 10;

/** Starts the command as it is installed, with these options. */
export function startCommand(...options) {
  const command = '../../packages/collector/bin/nearside-collector.js';
  return startScript(command, '--json', '--local', '--port', '0', ...options);
}

/** Such a share may be answered 503: a device sends it again. */
const REFUSED_SHARE = 0.01;

/** Sends reports, and counts those that are taken. */
export async function load(port, how) {
  const { statuses, ...result } = await sendLoad(port, how);
  const taken = statuses['204'] ?? 0;
  const refused = statuses['503'] ?? 0;
  const sent = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  if (taken + refused === sent && refused <= REFUSED_SHARE * sent) {
    return { ...result, perSecond: (result.perSecond * taken) / sent };
  }
  throw new Error(`expected 204 alone, got ${JSON.stringify(statuses)}`);
}

/** @returns {number} seconds of CPU that a process and its children took so far, all threads */
export function cpuSeconds(pid) {
  const ofPid = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // the name, in brackets, may have spaces
  const fields = ofPid.slice(ofPid.lastIndexOf(')') + 2).split(' ');
  const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
  const own = ((user + system + endedUser + endedSystem) * TICK_MS) / 1000;
  return childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), own);
}

function childrenOf(pid) {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
}

/** @returns {Promise<number>} how long it took, ms */
export async function moveFile(file, address) {
  const command = new URL('../../packages/collector/bin/nearside-collector.js', import.meta.url);
  const startedMs = performance.now();
  const args = [fileURLToPath(command), 'move', '--from', file, '--to', address, '--json'];
  await promisify(execFile)(process.execPath, args);
  return performance.now() - startedMs;
}
