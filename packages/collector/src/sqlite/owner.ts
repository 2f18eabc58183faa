import { statSync } from 'node:fs';
import {
  isRunning,
  type LockHolder,
  parseLockHolder,
  stateOf,
  thisHolder,
} from '@nearside/core/lock-holder';
import type Database from 'better-sqlite3';

const OWNERSHIP = Object.freeze({
  renewEveryMs: 10_000,
  /** An owner of which nobody here can tell whether it runs has ended when it is silent for so long. */
  silentMs: 30_000,
});

interface OwnerRow {
  readonly holder: string;
  readonly renewed: number;
}

/** Files said less of a process before `holder`. */
interface EarlyOwnerRow {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  readonly renewed: number;
}

/** The one process that writes to a file. */
export interface Ownership {
  /** Runs in a transaction that writes. @throws when another collector has taken the file over, or it has left its place */
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
  const me = thisHolder();
  const { token } = me;
  const inode = inodeOf(database);
  const claim = database.prepare(
    'REPLACE INTO owner (one, token, holder, renewed) VALUES (1, ?, ?, ?)',
  );
  const renew = database.prepare('UPDATE owner SET renewed = ? WHERE token = ?');
  const isMine = database.prepare('SELECT 1 FROM owner WHERE token = ?').pluck();
  const leave = database.prepare('DELETE FROM owner WHERE token = ?');

  database
    .transaction(() => {
      requireNoOwner(database, now);
      claim.run(token, JSON.stringify({ ...me, inode }), now());
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
      if (inodeOf(database) === inode) return;
      // what is written to the file that is open would end with this process
      throw new Error(
        `${database.name} is another file than the one that this collector opened, or is gone. Restart the collector`,
      );
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

/**
 * @throws Error that names the collector which writes to the file
 */
export function requireNoOwner(database: Database.Database, now: () => number): void {
  const hasOwners = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'owner'").get();
  if (!hasOwners) return; // a file of the first schema
  const row = database.prepare('SELECT * FROM owner').get() as OwnerRow | EarlyOwnerRow | undefined;
  if (!row) return;
  const owner = 'holder' in row ? parseLockHolder(row.holder) : { ...row, since: '' };
  if (!owner) return;
  const isCopied = 'holder' in row && inodeIn(row.holder) !== inodeOf(database);
  const silentForMs = Math.abs(now() - row.renewed);
  if (!isAlive(owner, { me: thisHolder(), isCopied, silentForMs })) return;
  throw new Error(
    `process ${owner.pid} on ${owner.host} writes to it already; two collectors on one file would each miss what the other counts. End it, or give another file`,
  );
}

function inodeOf(database: Database.Database): number | undefined {
  return database.memory ? undefined : statSync(database.name, { throwIfNoEntry: false })?.ino;
}

/** The file that an owner took: a copy of it has another inode, and its row. */
function inodeIn(holder = '{}'): number | undefined {
  return (JSON.parse(holder) as { inode?: number }).inode;
}

interface Sight {
  readonly me: LockHolder;
  readonly isCopied: boolean;
  readonly silentForMs: number;
}

function isAlive(owner: LockHolder, { me, isCopied, silentForMs }: Sight): boolean {
  const state = stateOf(owner, me);
  if (state === 'gone') return false;
  if (state === 'there' && isCopied) return silentForMs < OWNERSHIP.silentMs;
  if (state === 'there') return owner.pid !== me.pid || living.has(owner.token);
  // elsewhere than on Linux all processes of a host have numbers of their own
  if (process.platform !== 'linux' && owner.host === me.host) {
    if (owner.pid === me.pid) return living.has(owner.token);
    if (!isRunning(owner.pid)) return false;
  }
  return silentForMs < OWNERSHIP.silentMs;
}
