import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Who holds a lock file: enough to tell whether that process is still there. */
export interface LockHolder {
  /** Different at every taking, 32 hex digits. */
  readonly token: string;
  readonly pid: number;
  /**
   * When the process started, ms after its machine did; Linux alone tells it of others. Numbers of
   * processes are used again.
   */
  readonly startedMs?: number | undefined;
  readonly host: string;
  /** When it took the lock, ISO 8601. */
  readonly since: string;
}

/** This process, about to take a lock. */
export async function thisHolder(): Promise<LockHolder> {
  return {
    token: randomBytes(16).toString('hex'),
    pid: process.pid,
    startedMs: await startOf(process.pid),
    host: hostname(),
    since: new Date().toISOString(),
  };
}

/**
 * Whether the process of a holder is there still.
 *
 * @returns `unknown` for one on another machine, and for one whose number is in use where the
 *   system does not tell since when
 */
export async function stateOf(holder: LockHolder): Promise<'there' | 'gone' | 'unknown'> {
  if (holder.host !== hostname()) return 'unknown';
  if (!isRunning(holder.pid)) return 'gone';
  const startedMs = await startOf(holder.pid);
  if (startedMs !== undefined && holder.startedMs !== undefined) {
    return startedMs === holder.startedMs ? 'there' : 'gone';
  }
  return holder.pid === process.pid ? 'there' : 'unknown';
}

/** Signal 0 is not sent; to be refused the right to send it means that somebody is there. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Field 22 of `/proc/<pid>/stat`, in hundredths of a second (proc(5)); names may hold blanks. */
async function startOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return ticks === undefined ? undefined : Number(ticks) * 10;
}
