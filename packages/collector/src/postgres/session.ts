import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import type { Statement, Work } from '../store/statements.js';

const SETTINGS = Object.freeze({
  /** A host that does not answer is given up after this. */
  connectionTimeoutMillis: 3000,
  keepAlive: true,
  application_name: 'nearside-collector',
  // sums and times are below 2^53
  types: {
    getTypeParser: ((oid: number, format?: 'text') =>
      oid === pg.types.builtins.INT8
        ? Number
        : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
  },
});

/**
 * Sets up a session. The database then undoes what was begun soon after the collector is gone, even where the network
 * does not say so, and a commit is on disk when it is answered.
 */
const BEGIN_SESSION = `
  SELECT current_setting('transaction_read_only') = 'on' AS "isReadOnly",
    set_config('idle_in_transaction_session_timeout', '5s', false),
    set_config('tcp_keepalives_idle', '3', false),
    set_config('tcp_keepalives_interval', '1', false),
    set_config('tcp_keepalives_count', '3', false),
    set_config('tcp_user_timeout', '6000', false),
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
      WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)`;

/** A connection that has not ended by then is left alone. */
const CLOSED_WITHIN_MS = 1000;

/** The class of the driver that makes a connection. Tests give one that fails. */
export type Driver = new (config: pg.ClientConfig) => pg.Client;

export interface SessionOptions {
  /** An answer that takes longer is lost with its connection. */
  readonly answerMs: number;
  readonly Driver?: Driver | undefined;
}

/** A connection to a database that takes writes. It is closed by whatever makes it doubtful. */
export class Session {
  readonly #client: pg.Client;
  #isOpen = true;

  private constructor(client: pg.Client) {
    this.#client = client;
    const lose = () => {
      this.#isOpen = false;
    };
    client.on('error', lose);
    client.on('end', lose);
  }

  /** @throws Error when nobody answers, or one that only reads */
  static async open(
    config: pg.ClientConfig,
    { answerMs, Driver = pg.Client }: SessionOptions,
  ): Promise<Session> {
    const session = new Session(new Driver({ ...SETTINGS, query_timeout: answerMs, ...config }));
    try {
      await session.#client.connect();
      const [begun] = (await session.query(BEGIN_SESSION)).rows as { isReadOnly: boolean }[];
      if (begun?.isReadOnly) throw new Error('the host takes no writes, a primary would');
      return session;
    } catch (error) {
      void session.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async query(
    text: string,
    values: readonly unknown[] = [],
    more: { readonly rowMode?: 'array'; readonly name?: string } = {},
  ): Promise<pg.QueryResult> {
    if (!this.#isOpen) throw new Error('the connection is closed');
    try {
      return await this.#client.query({ ...more, text, values: [...values] } as pg.QueryConfig);
    } catch (error) {
      if (!isRefusal(error)) void this.close();
      throw error;
    }
  }

  async run<Value>(work: Work<Value>): Promise<Value> {
    let step = work.next();
    while (!step.done) step = work.next(await this.#answer(step.value));
    return step.value;
  }

  /** Does all of the work or nothing, at one moment. */
  async transact<Value>(
    work: () => Promise<Value>,
    mode: 'READ WRITE' | 'ISOLATION LEVEL REPEATABLE READ READ ONLY' = 'READ WRITE',
  ): Promise<Value> {
    await this.query(`BEGIN ${mode}`);
    try {
      const value = await work();
      await this.query('COMMIT');
      return value;
    } catch (error) {
      if (this.#isOpen) await this.query('ROLLBACK').catch(() => {});
      throw error;
    }
  }

  /** Told of what a session says on a channel that this one listens to. */
  onNotice(notice: () => void): void {
    this.#client.on('notification', notice);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    const ended = this.#client.end().catch(() => {});
    const hangs = setTimeout(CLOSED_WITHIN_MS);
    await Promise.race([ended, hangs]);
    // one that hangs does not keep the process from ending
    (this.#client as pg.Client & { unref(): void }).unref();
  }

  async #answer({ sql, given, answer }: Statement): Promise<unknown> {
    const { text, names } = numbered(sql);
    const values = names.map((name) => given[name]);
    const { rows, rowCount } = await this.query(
      text,
      values,
      answer === 'lists' ? { rowMode: 'array' } : {},
    );
    return answer === 'changes' ? rowCount : rows;
  }
}

/** The database has read a statement, refused it, and goes on. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  // it shuts down, or has become one that only reads
  return !/^(?:08|57P|25006)/.test(error.code ?? '08');
}

const numberedTexts = new Map<string, { text: string; names: readonly string[] }>();

/** Gives each `@name` a number, as PostgreSQL has them. */
function numbered(sql: string) {
  const known = numberedTexts.get(sql);
  if (known) return known;
  const names: string[] = [];
  const text = sql.replace(/@(\w+)/g, (_, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  const made = { text, names };
  numberedTexts.set(sql, made);
  return made;
}
