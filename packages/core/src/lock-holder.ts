import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as v from 'valibot';

/** Identifies the process that holds a lock, so that others can tell whether it still runs. */
const LockHolderSchema = v.object({
  /** Different each time a lock is taken. Part of the names of files beside the lock. */
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  host: v.string(),
  /** When it took the lock, ISO 8601. */
  since: v.string(),
  /** Only Linux has these. Different on every machine, and after every start of it. */
  bootId: v.optional(v.string()),
  /** Each container numbers its own processes, and several may share a host name. */
  pidNamespace: v.optional(v.string()),
  /** Start of the process, ms after the machine's. Process numbers are used again. */
  startedMs: v.optional(v.number()),
});

export type LockHolder = Readonly<v.InferOutput<typeof LockHolderSchema>>;

/** @returns undefined when the text names no holder: it may be damaged, or somebody else's */
export function parseLockHolder(text: string): LockHolder | undefined {
  try {
    return v.parse(LockHolderSchema, JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** This process, about to take a lock. */
export function thisHolder(): LockHolder {
  return {
    token: randomBytes(16).toString('hex'),
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    ...thisProcess(),
  };
}

/**
 * Tells whether a holder's process still runs. `me` can tell only for processes of the same boot of the same machine,
 * in the same PID namespace.
 *
 * @param me from `thisHolder`
 * @returns `unknown` for one on another machine, from before a restart or in another container, and for all where the
 *   system does not tell these apart
 */
export function stateOf(holder: LockHolder, me: LockHolder): 'there' | 'gone' | 'unknown' {
  const isComparable =
    me.bootId !== undefined &&
    holder.bootId === me.bootId &&
    holder.pidNamespace === me.pidNamespace &&
    holder.host === me.host;
  if (!isComparable) return 'unknown';
  if (!isRunning(holder.pid)) return 'gone';
  const found = readProcess(holder.pid);
  if (!found) return 'unknown'; // it ended just now, or /proc hides the processes of other users
  return found.startedMs === holder.startedMs && !found.hasEnded ? 'there' : 'gone';
}

/** Signal 0 is not delivered. A refusal of the right to send it means that the process exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** @returns nothing where there is no /proc, or where it shows another PID namespace than ours */
function thisProcess(): Pick<LockHolder, 'bootId' | 'pidNamespace' | 'startedMs'> {
  const self = readProcess('self');
  if (self?.pid !== process.pid) return {};
  try {
    return {
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      pidNamespace: readlinkSync('/proc/self/ns/pid'),
      startedMs: self.startedMs,
    };
  } catch {
    return {};
  }
}

interface ProcessFacts {
  readonly pid: number;
  /** The process has ended, and its parent has not collected its exit status. */
  readonly hasEnded: boolean;
  readonly startedMs: number;
}

/**
 * Fields 1, 3 and 22 of `/proc/<pid>/stat`, the last in hundredths of a second (proc(5)). Field 2 is a name in
 * parentheses, which may hold blanks and parentheses.
 */
function readProcess(pid: number | 'self'): ProcessFacts | undefined {
  const stat = readStat(pid);
  const [state = '', ...after] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(after[18]);
  if (!Number.isFinite(ticks)) return undefined;
  return {
    pid: Number.parseInt(stat, 10),
    hasEnded: /^[ZX]$/.test(state),
    startedMs: ticks * 10,
  };
}

function readStat(pid: number | 'self'): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}
