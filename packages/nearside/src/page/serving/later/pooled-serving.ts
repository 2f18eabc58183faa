import { unref } from '../../../shared/timers.js';
import { type Connection, passOn } from '../../workers/connection.js';
import { createPoolSize, POOL_LIMITS } from '../pool-size.js';
import { load, type ModelContext, type Serving } from '../serving.js';
import { openAgain } from './open-again.js';

interface Member {
  readonly connection: Connection;
  readonly slot: number;
  /** Batches it was given and has not answered. */
  readonly batches: Set<number>;
  /** Those whose state it has: all their frames go to it. */
  readonly streams: Set<number>;
}

export interface PoolOptions extends ModelContext {
  /** Calls that wait for a worker. */
  readonly waiting: () => number;
}

/** How many workers there are at least and at most. */
export interface PoolBounds {
  readonly min: number;
  readonly max: number;
}

export type PoolServing = (first: Serving, options: PoolOptions) => Serving;

/**
 * Several workers that serve the same version as one: runs go to the one that has least to do. They
 * compute the same bits, because each has as many threads. More are started as the load demands, and
 * ended when they are not needed; one that is lost is only missed, unless it was the last.
 */
export function servePool(
  first: Serving,
  { waiting, ...context }: PoolOptions,
  pool: PoolBounds,
): Serving {
  const { memory } = context.engine;
  const size = createPoolSize(pool);
  /** One at least; lost ones until another is added. */
  let members: readonly Member[] = [createMember(first.connection, 0)];
  /** Of streams that have begun and not ended, whether their workers live or not. */
  const holders = new Map<number, Member>();
  let isGrowing = false;
  /** Growing has failed, and would fail again at once. */
  let growsAgainMs = 0;
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Those that are alive, the one that has least to do first. */
  function alive(): Member[] {
    return members
      .filter(({ connection }) => !connection.end)
      .sort((a, b) => a.batches.size - b.batches.size);
  }

  /** The one that has least to do; where none is alive, one that says why in place of an answer. */
  const least = () => alive()[0] ?? (members[0] as Member);
  const main = () => least().connection;

  function look(): void {
    clearTimeout(timer);
    const workers = alive();
    if (isClosed || workers.length === 0) return;
    const nowMs = performance.now();
    const busy = workers.filter(({ batches }) => batches.size > 0).length;
    const load = { nowMs, workers: workers.length, busy, waiting: waiting() };
    const decision = isGrowing || nowMs < growsAgainMs ? 'stay' : size.look(load);
    if (decision === 'grow') void grow();
    if (decision === 'shrink') shrink(workers);
    if (workers.length > pool.min) {
      timer = setTimeout(look, Math.max(100, size.nextLookMs - nowMs));
      unref(timer);
    }
  }

  async function grow(): Promise<void> {
    const { spec } = first.version;
    growsAgainMs = performance.now() + POOL_LIMITS.cooldownMs;
    if (memory?.hasRoomFor(spec.limits.memoryBytes) === false) return;
    isGrowing = true;
    const taken = alive().map(({ slot }) => slot);
    const slot = Array.from({ length: pool.max }, (_, i) => i).find((i) => !taken.includes(i)) ?? 0;
    try {
      const opened = await openAgain(first.backend, context, first.version, {
        fits: () => false, // another one may be the active version by now
        place: { isolate: undefined, slot },
        isOptional: true,
      });
      if (!opened) return;
      if (isClosed) return void opened.connection.close(undefined);
      const { connection } = await load(opened, first.variant, { signal: undefined });
      if (isClosed) return void connection.close(undefined);
      members = [...alive(), createMember(connection, slot)];
      growsAgainMs = 0;
    } catch {
      // One more worker would have been faster; those there are serve on.
    } finally {
      isGrowing = false;
    }
    if (pool.min > alive().length) look();
  }

  function shrink(workers: readonly Member[]): void {
    const idle = workers.filter(({ batches, streams }) => batches.size + streams.size === 0);
    const last = idle.reduce<Member | undefined>(
      (a, b) => (a && a.slot > b.slot ? a : b),
      undefined,
    );
    if (!last || workers.length <= pool.min) return;
    members = members.filter((member) => member !== last);
    void last.connection.close(undefined);
  }

  const connection: Connection = {
    ...passOn((name) => (request) => main()[name](request)),
    async run(request, options) {
      const { stream } = request;
      const member = (stream !== undefined && holders.get(stream)) || least();
      member.batches.add(request.id);
      look();
      try {
        return await member.connection.run(request, options);
      } finally {
        member.batches.delete(request.id);
        look();
      }
    },
    async beginStream(id) {
      const [member] = alive().sort((a, b) => a.streams.size - b.streams.size);
      if (!member) return main().beginStream(id);
      member.streams.add(id);
      holders.set(id, member);
      return member.connection.beginStream(id);
    },
    async endStream(id) {
      const member = holders.get(id);
      holders.delete(id);
      member?.streams.delete(id);
      await member?.connection.endStream(id);
    },
    async recall(id) {
      const asked = members.find(({ batches }) => batches.has(id));
      const all = asked ? [asked] : alive(); // one that nobody was given shows who is there
      await Promise.all(all.map((member) => member.connection.recall(id)));
    },
    kill(reason, batch) {
      const own =
        batch === undefined ? members : members.filter(({ batches }) => batches.has(batch));
      for (const member of own) member.connection.kill(reason);
    },
    async close(reason) {
      isClosed = true;
      clearTimeout(timer);
      await Promise.all(members.map((member) => member.connection.close(reason)));
    },
    async warm() {
      await Promise.all(alive().map((member) => member.connection.warm()));
    },
    load: (request) => main().load(request),
    profile: (request, transfer) => main().profile(request, transfer),
    declare: (memoryBytes) => main().declare(memoryBytes),
    get workers() {
      return alive().flatMap((member) => member.connection.workers);
    },
    get end() {
      return least().connection.end;
    },
  };
  if (pool.min > 1) queueMicrotask(look);
  return { ...first, connection };
}

function createMember(connection: Connection, slot: number): Member {
  return { connection, slot, batches: new Set(), streams: new Set() };
}
