import { NearsideError } from '@nearside/core';
import { utcDay } from '../counting/time.js';
import { attempt, reasonOf } from '../store/attempt.js';
import { readFacts, writeFacts } from '../store/facts-row.js';
import { readUnsentFindings, writeLook, writeSent } from '../store/finding-rows.js';
import { forgetOld } from '../store/forget-old.js';
import { answerQuestions, readNames } from '../store/questions.js';
import type { RollupReads, RollupStore } from '../store/rollup-store.js';
import type { Work } from '../store/statements.js';
import { readTraces, writeTraces } from '../store/trace-rows.js';
import { appendBatch } from './append-batch.js';
import { Connections } from './connections.js';
import type { FoldOptions } from './fold-log.js';
import { Keeper, SETTLE } from './keeper.js';
import { LOCKS, migrate, requireWriter } from './schema.js';
import { forgetOtherDays, turnSeenDays } from './seen-days.js';
import type { Driver, Session } from './session.js';

const WRITES = Object.freeze({
  /** Each commit waits for a disk, so several are under way at once. */
  most: 6,
  answerMs: 10_000,
});

const READS = Object.freeze({ most: 2, answerMs: 60_000 });

const SETTLING = Object.freeze({
  /** Who asks gets what is in the tables where the keeper takes longer to add the rest. */
  withinMs: 3000,
  lookEveryMs: 25,
});

/** `onError` is told of what fails and is not part of an answer. */
export interface PostgresOptions extends Partial<FoldOptions> {
  readonly foldEveryMs?: number;
  readonly Driver?: Driver;
}

/**
 * Opens a database that any number of collectors write to, and makes or updates its tables.
 *
 * @throws NearsideError `store-unavailable`
 * @throws StartError `option-invalid` when it is no such address
 */
export async function openPostgresRollupStore(
  address: string,
  { foldEveryMs, Driver, onError = () => {}, ...options }: PostgresOptions = {},
): Promise<RollupStore> {
  const writes = new Connections(address, { ...WRITES, Driver });
  const reads = new Connections(address, { ...READS, Driver });
  let keeper: Keeper | undefined;
  try {
    await writes.use(migrate);
    keeper = new Keeper(writes, { ...options, everyMs: foldEveryMs, onError });
    await keeper.fold();
  } catch (cause) {
    await Promise.all([keeper?.close(), writes.close()]);
    throw new NearsideError(
      'store-unavailable',
      `Expected a PostgreSQL database that takes writes: ${reasonOf(cause)}.`,
      { cause },
    );
  }
  return createStore({ writes, reads, keeper });
}

/** Opens a database for reading alone. */
export function openPostgresReads(address: string): RollupReads {
  return answerQuestions(readThrough(new Connections(address, READS)));
}

function readThrough(connections: Connections) {
  return <Value>(work: () => Work<Value>): Promise<Value> =>
    attempt(() =>
      connections.use((session) =>
        session.transact(() => session.run(work()), 'ISOLATION LEVEL REPEATABLE READ READ ONLY'),
      ),
    );
}

interface Parts {
  readonly writes: Connections;
  readonly reads: Connections;
  readonly keeper: Keeper;
}

function createStore({ writes, reads, keeper }: Parts): RollupStore {
  const readNow = readThrough(reads);
  const settled = together(() => settle({ writes, keeper }));

  function write<Value>(work: () => Work<Value>): Promise<Value> {
    return attempt(() => writes.use((session) => runAsWriter(session, work)));
  }

  /** Writes what the keeper alone may. */
  function keep<Value>(work: () => Work<Value>): Promise<Value> {
    return attempt(async () => {
      const kept = await keeper.run((session) => runAsWriter(session, work));
      if (!kept) throw new Error('another collector keeps the store now');
      return kept.value;
    });
  }

  /** A store that cannot be written can still be read. */
  async function read<Value>(work: () => Work<Value>): Promise<Value> {
    await settled().catch(() => {});
    return readNow(work);
  }

  return {
    add: (batch) =>
      attempt(() =>
        writes.use((session) =>
          batch.length > 0 ? appendBatch(session, batch) : testWriting(session),
        ),
      ),
    addTraces: (traces, nowMs) => write(() => writeTraces(traces, nowMs)),
    traces: (query) => readNow(() => readTraces(query)),
    keepFacts: (facts, nowMs) =>
      attempt(() =>
        writes.use((session) =>
          session.transact(async () => {
            await requireWriter(session);
            // of two that write at once the second sees what the first wrote
            await session.query('SELECT pg_advisory_xact_lock($1, $2)', LOCKS.facts);
            return session.run(writeFacts(facts, nowMs));
          }),
        ),
      ),
    facts: () => readNow(readFacts),
    addLook: (entries, atMs) => keep(() => writeLook(entries, atMs)),
    unsentFindings: (limit) => readNow(() => readUnsentFindings(limit)),
    noteSent: async (n) => void (await keep(() => writeSent(n))),
    isKeeper: () => attempt(async () => (await keeper.run(async () => true)) !== undefined),
    names: () => read(readNames),
    settle: () => attempt(settled),
    freeBytes: async () => undefined,
    ...answerQuestions(read),
    prune: (nowMs) => attempt(() => prune(keeper, keep, nowMs)),
    close: async () => {
      await keeper.fold().catch(() => {});
      await keeper.close();
      await Promise.all([writes.close(), reads.close()]);
    },
  };
}

function runAsWriter<Value>(session: Session, work: () => Work<Value>): Promise<Value> {
  return session.transact(async () => {
    await requireWriter(session);
    return session.run(work());
  });
}

/** Who asks while others wait shares the next wait with those who do so too: it has what they added before. */
function together(wait: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve();
  let next: Promise<void> | undefined;
  function start(): Promise<void> {
    next = undefined;
    last = wait();
    return last;
  }
  return () => {
    next ??= last.then(start, start);
    return next;
  };
}

/** Others may have it in the tables before this one could, so it looks whether they have. */
async function settle({ writes, keeper }: Pick<Parts, 'writes' | 'keeper'>): Promise<void> {
  if (await keeper.fold()) return;
  const endMs = performance.now() + SETTLING.withinMs;
  const newest = await writes.use(async (session) => {
    const { rows } = await session.query(`SELECT max(n) AS n, pg_notify('${SETTLE}', '') FROM log`);
    return rows[0]?.n as number | null;
  });
  const isFolded = async () => {
    const { rows } = await writes.use((session) =>
      session.query('SELECT NOT EXISTS (SELECT FROM log WHERE n <= $1) AS "isFolded"', [newest]),
    );
    return rows[0]?.isFolded as boolean;
  };
  while (newest !== null && !(await isFolded())) {
    if (performance.now() > endMs) {
      throw new Error(`its keeper has not added the log to the tables in ${SETTLING.withinMs} ms`);
    }
    await new Promise((next) => setTimeout(next, SETTLING.lookEveryMs));
    if (await keeper.fold()) return;
  }
}

async function prune(
  keeper: Keeper,
  slice: <Value>(work: () => Work<Value>) => Promise<Value>,
  nowMs: number,
): Promise<void> {
  const turned = await keeper.run((session) => turnSeenDays(session, utcDay(nowMs)));
  if (!turned) return;
  await forgetOld(nowMs, { slice, turn: async () => true, forgetSeen: forgetOtherDays });
}

/** Nothing is changed, and yet it is a commit, which a full disk or a lost standby would not take. */
async function testWriting(session: Session): Promise<[]> {
  await requireWriter(session);
  await session.query('UPDATE store SET version = version');
  return [];
}
