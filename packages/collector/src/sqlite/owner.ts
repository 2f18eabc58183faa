import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type Database from 'better-sqlite3';

const OWNERSHIP = Object.freeze({
  renewEveryMs: 10_000,
  /** An owner on another host that is silent for so long has ended. It cannot be asked. */
  silentMs: 30_000,
});

interface OwnerRow {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  readonly renewed: number;
}

/** The one process that writes to a file. */
export interface Ownership {
  /** Runs in a transaction that writes. @throws when another collector has taken the file over */
  check(): void;
  renew(): void;
  release(): void;
}

/** Owners in this process, which all live. */
const living = new Set<string>();

/**
 * Takes the file, or says who has it. The row is in the file itself, so two that start at once cannot both have it.
 *
 * @throws Error that names the collector which writes to the file
 */
export function takeOwnership(database: Database.Database, now: () => number): Ownership {
  const token = randomUUID();
  const find = database.prepare('SELECT token, pid, host, renewed FROM owner');
  const claim = database.prepare(
    'REPLACE INTO owner (one, token, pid, host, renewed) VALUES (1, ?, ?, ?, ?)',
  );
  const renew = database.prepare('UPDATE owner SET renewed = ? WHERE token = ?');
  const isMine = database.prepare('SELECT 1 FROM owner WHERE token = ?').pluck();
  const leave = database.prepare('DELETE FROM owner WHERE token = ?');

  database
    .transaction(() => {
      const owner = find.get() as OwnerRow | undefined;
      if (owner && isAlive(owner, now())) {
        throw new Error(
          `process ${owner.pid} on ${owner.host} writes to it already; two collectors on one file would each miss what the other counts`,
        );
      }
      claim.run(token, process.pid, hostname(), now());
    })
    .immediate();
  living.add(token);
  const timer = setInterval(() => {
    try {
      renew.run(now(), token);
    } catch {
      // on a full disk writes fail and say so, and the next renewal may succeed
    }
  }, OWNERSHIP.renewEveryMs).unref();

  return {
    check() {
      if (isMine.get(token) === undefined) throw new Error('another collector has taken the file');
    },
    renew() {
      renew.run(now(), token);
    },
    release() {
      clearInterval(timer);
      living.delete(token);
      leave.run(token);
    },
  };
}

function isAlive({ token, pid, host, renewed }: OwnerRow, nowMs: number): boolean {
  if (host !== hostname()) return Math.abs(nowMs - renewed) < OWNERSHIP.silentMs;
  if (pid === process.pid) return living.has(token);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // another process may have its number since
  return Math.abs(nowMs - renewed) < OWNERSHIP.silentMs;
}
