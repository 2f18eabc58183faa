import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as v from 'valibot';

/** Who holds a lock file: enough to tell whether that process is still there. */
const LockHolderSchema = v.object({
  /** Different at every taking; part of the names of files beside the lock. */
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /**
   * When the process started, ms after its machine did; Linux alone tells it of others. Numbers of
   * processes are used again.
   */
  startedMs: v.optional(v.number()),
  host: v.string(),
  /** When it took the lock, ISO 8601. */
  since: v.string(),
});

export type LockHolder = Readonly<v.InferOutput<typeof LockHolderSchema>>;

/** @returns undefined when the text is of no holder: it may be damaged, or somebody else's */
export function parseLockHolder(text: string): LockHolder | undefined {
  try {
    return v.parse(LockHolderSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
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
