import type { Connections } from './connections.js';
import { type FoldOptions, LogFolder } from './fold-log.js';
import { LOCKS, NewerSchemaError, requireWriter } from './schema.js';
import type { Session } from './session.js';

const KEEPER = Object.freeze({
  /** The log is folded so often, and who does not hold the lock tries to take it. */
  everyMs: 1000,
  /** The database takes the lock from a keeper that has been silent for so long: it hangs, or its network is cut. */
  silentMs: 5000,
});

/** Who waits for the log to be folded says so on this channel. */
export const SETTLE = 'nearside_settle';

interface KeeperOptions extends FoldOptions {
  readonly everyMs?: number | undefined;
}

/**
 * Folds the log, prunes and looks for findings while it holds the lock. It does so on the connection that has the lock,
 * so nothing of it is done once the lock is lost.
 */
export class Keeper {
  readonly #connections: Connections;
  readonly #options: FoldOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #session: Session | undefined;
  #folder: LogFolder | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #toldOf = '';

  constructor(connections: Connections, { everyMs = KEEPER.everyMs, ...options }: KeeperOptions) {
    this.#connections = connections;
    this.#options = options;
    this.#timer = setInterval(() => this.#foldQuietly(), everyMs).unref();
  }

  /**
   * Does work alone, if this is the keeper.
   *
   * @returns undefined where another one is
   */
  run<Value>(work: (session: Session) => Promise<Value>): Promise<{ value: Value } | undefined> {
    return this.#inTurn(async () => {
      try {
        const session = await this.#hold();
        return session && { value: await work(session) };
      } catch (error) {
        // a newer collector is to have the lock
        if (error instanceof NewerSchemaError) await this.#session?.close();
        throw error;
      }
    });
  }

  /** @returns whether this is the keeper, and all that was in the log is in the tables now */
  async fold(): Promise<boolean> {
    const folded = await this.run(() => (this.#folder as LogFolder).fold());
    return folded !== undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#inTurn(async () => this.#session?.close());
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Takes the lock, or still has it. */
  async #hold(): Promise<Session | undefined> {
    if (this.#isClosed) throw new Error('the store is closed');
    if (this.#session?.isOpen !== true) {
      if (this.#folder) this.#options.onSetAside?.(0);
      this.#folder = undefined;
      this.#session = await this.#connections.open();
      await this.#session.query(
        `SELECT set_config('idle_session_timeout', '${KEEPER.silentMs}', false)`,
      );
    }
    const session = this.#session;
    await requireWriter(session);
    if (!this.#folder) {
      const { rows } = await session.query(
        'SELECT pg_try_advisory_lock($1, $2) AS "isHeld"',
        LOCKS.keeper,
      );
      if (!rows[0]?.isHeld) return undefined;
      await session.query(`LISTEN ${SETTLE}`);
      session.onNotice(() => this.#foldQuietly());
      this.#folder = new LogFolder(session, this.#options);
    }
    return session;
  }

  #foldQuietly(): void {
    this.fold().then(
      () => {
        this.#toldOf = '';
      },
      (error: unknown) => {
        // a database that is away is told of by those who write to it, and a reason once
        if (this.#isClosed || String(error) === this.#toldOf) return;
        this.#toldOf = String(error);
        this.#options.onError(error);
      },
    );
  }
}
