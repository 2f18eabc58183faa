import type { BatchReply, RunRequest } from '../../../shared/protocol.js';
import { unref } from '../../../shared/timers.js';
import { AT_OPENING } from '../../choice/page-mark.js';
import { type Connection, type PostOptions, passOn } from '../../workers/connection.js';
import { load, type ModelContext, type Serving } from '../serving.js';
import { openAgain } from './revive.js';

/** One worker of a pool. */
interface Member {
  readonly connection: Connection;
  readonly slot: number;
  /** Batches it was given and has not answered. */
  readonly batches: Set<number>;
  /** Streams whose state it has: all their frames go to it. */
  readonly streams: Set<number>;
}

export interface PoolOptions extends ModelContext {
  /** Calls that wait for a worker. */
  readonly waiting: () => number;
}

/** Numbers of workers, at least and at most. */
export interface PoolBounds {
  readonly min: number;
  readonly max: number;
}

export type PoolServing = (first: Serving, options: PoolOptions) => Serving;

interface Pool {
  readonly first: Serving;
  readonly options: PoolOptions;
  readonly bounds: PoolBounds;
  readonly size: ReturnType<typeof createPoolSize>;
  /** At least one; lost members stay until another is added. */
  members: readonly Member[];
  /** The member of each stream that has begun and not ended, whether it is alive or not. */
  readonly holders: Map<number, Member>;
  isGrowing: boolean;
  /** Growing has failed, and is not tried again before. */
  growsAgainMs: number;
  isClosed: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Several workers that serve the same version as one: runs go to the one that has least to do. They
 * compute the same bits, because each has as many threads. More are started as the load demands, and
 * ended when they are not needed. The pool goes on without a lost one, unless it was the last.
 */
export function servePool(first: Serving, options: PoolOptions, bounds: PoolBounds): Serving {
  const pool: Pool = {
    first,
    options,
    bounds,
    size: createPoolSize(bounds),
    members: [createMember(first.connection, 0)],
    holders: new Map(),
    isGrowing: false,
    growsAgainMs: 0,
    isClosed: false,
    timer: undefined,
  };
  if (bounds.min > 1) queueMicrotask(() => look(pool));
  return { ...first, connection: connectionOf(pool) };
}

function createMember(connection: Connection, slot: number): Member {
  return { connection, slot, batches: new Set(), streams: new Set() };
}

/** Members that are alive, the one that has least to do first. */
function alive({ members }: Pool): Member[] {
  return members
    .filter(({ connection }) => !connection.end)
    .sort((a, b) => a.batches.size - b.batches.size);
}

/** The member that has least to do; where none is alive, a lost one, whose calls are rejected. */
function least(pool: Pool): Member {
  return alive(pool)[0] ?? (pool.members[0] as Member);
}

/** Grows or shrinks the pool, where the load says so. */
function look(pool: Pool): void {
  const { size, bounds, options } = pool;
  clearTimeout(pool.timer);
  const workers = alive(pool);
  if (pool.isClosed || workers.length === 0) return;
  const nowMs = performance.now();
  const busy = workers.filter(({ batches }) => batches.size > 0).length;
  const load = { nowMs, workers: workers.length, busy, waiting: options.waiting() };
  const decision = pool.isGrowing || nowMs < pool.growsAgainMs ? 'stay' : size.look(load);
  if (decision === 'grow') void grow(pool);
  if (decision === 'shrink') shrink(pool, workers);
  if (workers.length > bounds.min) {
    pool.timer = setTimeout(() => look(pool), Math.max(100, size.nextLookMs - nowMs));
    unref(pool.timer);
  }
}

async function grow(pool: Pool): Promise<void> {
  const { memory } = pool.options.engine;
  pool.growsAgainMs = performance.now() + POOL_LIMITS.cooldownMs;
  if (memory?.hasRoomFor(pool.first.version.spec.limits.memoryBytes) === false) return;
  pool.isGrowing = true;
  try {
    const member = await startMember(pool);
    if (!member) return;
    pool.members = [...alive(pool), member];
    pool.growsAgainMs = 0;
  } catch {
    // The workers that are there serve on.
  } finally {
    pool.options.mark(AT_OPENING);
    pool.isGrowing = false;
  }
  if (pool.bounds.min > alive(pool).length) look(pool);
}

/** @returns undefined when the version is gone, or the pool closed */
async function startMember(pool: Pool): Promise<Member | undefined> {
  const { first, options, bounds } = pool;
  const taken = alive(pool).map(({ slot }) => slot);
  const slot = Array.from({ length: bounds.max }, (_, i) => i).find((i) => !taken.includes(i)) ?? 0;
  const opened = await openAgain(first.backend, options, first.version, {
    fits: () => false, // another one may be the active version by now
    place: { isolate: undefined, slot },
    isOptional: true,
  });
  if (!opened) return undefined;
  if (pool.isClosed) return void opened.connection.close(undefined);
  const { connection } = await load(opened, first.variant, { signal: undefined });
  if (pool.isClosed) return void connection.close(undefined);
  return createMember(connection, slot);
}

function shrink(pool: Pool, workers: readonly Member[]): void {
  const idle = workers.filter(({ batches, streams }) => batches.size + streams.size === 0);
  const [last] = idle.sort((a, b) => b.slot - a.slot);
  if (!last || workers.length <= pool.bounds.min) return;
  pool.members = pool.members.filter((member) => member !== last);
  void last.connection.close(undefined);
}

function connectionOf(pool: Pool): Connection {
  const main = () => least(pool).connection;
  return {
    ...passOn((name) => (request) => main()[name](request)),
    run: (request, options) => runOnLeast(pool, request, options),
    beginStream: (id) => beginStream(pool, id),
    async endStream(id) {
      const member = pool.holders.get(id);
      pool.holders.delete(id);
      member?.streams.delete(id);
      await member?.connection.endStream(id);
    },
    async recall(id) {
      const asked = pool.members.find(({ batches }) => batches.has(id));
      const all = asked ? [asked] : alive(pool); // a batch that none was given is a probe
      await Promise.all(all.map(({ connection }) => connection.recall(id)));
    },
    kill(reason, batch) {
      const isToEnd = ({ batches }: Member) => batch === undefined || batches.has(batch);
      for (const { connection } of pool.members.filter(isToEnd)) connection.kill(reason);
    },
    async close(reason) {
      pool.isClosed = true;
      clearTimeout(pool.timer);
      await Promise.all(pool.members.map(({ connection }) => connection.close(reason)));
    },
    async warm() {
      await Promise.all(alive(pool).map(({ connection }) => connection.warm()));
    },
    load: (request) => main().load(request),
    profile: (request, transfer) => main().profile(request, transfer),
    declare: (memoryBytes) => main().declare(memoryBytes),
    get workers() {
      return alive(pool).flatMap(({ connection }) => connection.workers);
    },
    get end() {
      return main().end;
    },
  };
}

async function runOnLeast(
  pool: Pool,
  request: RunRequest,
  options: PostOptions,
): Promise<BatchReply> {
  const { id, stream } = request;
  const { batches, connection } = (stream !== undefined && pool.holders.get(stream)) || least(pool);
  batches.add(id);
  look(pool);
  try {
    return await connection.run(request, options);
  } finally {
    batches.delete(id);
    look(pool);
  }
}

async function beginStream(pool: Pool, id: number): Promise<void> {
  const [member] = alive(pool).sort((a, b) => a.streams.size - b.streams.size);
  if (!member) return least(pool).connection.beginStream(id);
  member.streams.add(id);
  pool.holders.set(id, member);
  return member.connection.beginStream(id);
}

/** Limits of a pool that follows the load. */
export const POOL_LIMITS = Object.freeze({
  /** One more worker is started when calls have waited so long, though every worker has its two batches, ms. */
  growAfterMs: 100,
  /** A worker that was not needed for so long is ended, ms. */
  cooldownMs: 30_000,
  /** A pool that grows again soon after it shrank waits longer the next time, up to this, ms. */
  longestCooldownMs: 300_000,
});

interface PoolLoad {
  readonly nowMs: number;
  readonly workers: number;
  /** Workers that have something to do. */
  readonly busy: number;
  /** Calls that no worker has taken, though each has as much as it may have. */
  readonly waiting: number;
}

/** Decides from the load when a pool grows and shrinks. */
export function createPoolSize({ min, max }: PoolBounds) {
  let pressedSinceMs: number | undefined;
  /** The last time at which all workers had something to do. */
  let neededMs = 0;
  let shrunkMs: number | undefined;
  let cooldownMs: number = POOL_LIMITS.cooldownMs;

  function grows({ nowMs, workers, waiting }: PoolLoad): boolean {
    if (workers < min) return true;
    if (waiting === 0 || workers >= max) {
      pressedSinceMs = undefined;
      return false;
    }
    pressedSinceMs ??= nowMs;
    if (nowMs - pressedSinceMs < POOL_LIMITS.growAfterMs) return false;
    // It was shrunk too early.
    const isRegretted = shrunkMs !== undefined && nowMs - shrunkMs < 2 * cooldownMs;
    if (isRegretted) cooldownMs = Math.min(2 * cooldownMs, POOL_LIMITS.longestCooldownMs);
    shrunkMs = undefined;
    pressedSinceMs = undefined;
    return true;
  }

  return {
    look(load: PoolLoad): 'grow' | 'shrink' | 'stay' {
      const { nowMs, workers, busy } = load;
      if (busy >= workers) neededMs = nowMs;
      if (grows(load)) {
        neededMs = nowMs;
        return 'grow';
      }
      if (workers <= min || nowMs - neededMs < cooldownMs) return 'stay';
      shrunkMs = nowMs;
      neededMs = nowMs;
      return 'shrink';
    },
    /** Next look if nothing happens before, by `performance.now()`. */
    get nextLookMs() {
      return neededMs + cooldownMs;
    },
  };
}
