import type { Connection } from './connection.js';
import { createPoolSize, POOL_LIMITS } from './scheduler/pool-size.js';
import { load, openOn, type Serving, type ServingContext } from './serving.js';

interface Member {
  readonly connection: Connection;
  readonly slot: number;
  /** Batches it was given and has not answered. */
  readonly batches: Set<number>;
}

export interface PoolOptions extends ServingContext {
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
export function poolServing(
  first: Serving,
  { waiting, ...context }: PoolOptions,
  pool: PoolBounds,
): Serving {
  const { plan } = context;
  const { memory } = plan.engine;
  const size = createPoolSize(pool);
  const members: Member[] = [{ connection: first.connection, slot: 0, batches: new Set() }];
  let isGrowing = false;
  /** Growing has failed, and would fail again at once. */
  let growsAgainMs = 0;
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lost: Connection['end'];

  /** Those that are alive, the one that has least to do first. */
  function alive(): Member[] {
    for (const member of [...members]) {
      if (!member.connection.end) continue;
      lost = member.connection.end;
      members.splice(members.indexOf(member), 1);
    }
    return [...members].sort((a, b) => a.batches.size - b.batches.size);
  }

  const main = () => alive()[0]?.connection ?? first.connection;

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
      (timer as { unref?: () => void }).unref?.();
    }
  }

  async function grow(): Promise<void> {
    const { spec, release } = first.version;
    growsAgainMs = performance.now() + POOL_LIMITS.cooldownMs;
    if (memory?.hasRoomFor(spec.limits.memoryBytes) === false) return;
    isGrowing = true;
    const taken = members.map(({ slot }) => slot);
    const slot = Array.from({ length: pool.max }, (_, i) => i).find((i) => !taken.includes(i)) ?? 0;
    try {
      const own = { ...context, plan: { ...plan, slot } };
      const opened = await openOn(first.backend, own, { which: { kind: 'active' } });
      if (!opened) return;
      const isSame = opened.version.release.sequence === release.sequence;
      if (!isSame || isClosed) return void opened.connection.close(undefined);
      const { connection } = await load(opened, {});
      if (isClosed) return void connection.close(undefined);
      members.push({ connection, slot, batches: new Set() });
      growsAgainMs = 0;
    } catch {
      // One more worker would have been faster; those there are serve on.
    } finally {
      isGrowing = false;
    }
    if (pool.min > members.length) look();
  }

  function shrink(workers: readonly Member[]): void {
    const idle = workers.filter(({ batches }) => batches.size === 0);
    const last = idle.reduce<Member | undefined>(
      (a, b) => (a && a.slot > b.slot ? a : b),
      undefined,
    );
    if (!last || workers.length <= pool.min) return;
    members.splice(members.indexOf(last), 1);
    void last.connection.close(undefined);
  }

  const connection: Connection = {
    async run(request, options) {
      const [member] = alive();
      if (!member) throw lost?.reason;
      member.batches.add(request.id);
      look();
      try {
        return await member.connection.run(request, options);
      } finally {
        member.batches.delete(request.id);
        look();
      }
    },
    async recall(id) {
      const asked = members.find(({ batches }) => batches.has(id));
      const all = asked ? [asked] : members; // one that nobody was given shows who is there
      await Promise.all(all.map((member) => member.connection.recall(id)));
    },
    kill(reason, batch) {
      const own =
        batch === undefined ? members : members.filter(({ batches }) => batches.has(batch));
      for (const member of [...own]) member.connection.kill(reason);
    },
    async close(reason) {
      isClosed = true;
      clearTimeout(timer);
      lost ??= { reason };
      await Promise.all(members.splice(0).map((member) => member.connection.close(reason)));
    },
    async warm() {
      await Promise.all(alive().map((member) => member.connection.warm()));
    },
    open: (request) => main().open(request),
    fetch: (request) => main().fetch(request),
    load: (request) => main().load(request),
    check: (request) => main().check(request),
    spendTry: (sequence) => main().spendTry(sequence),
    reject: (request) => main().reject(request),
    storage: () => main().storage(),
    profile: (request, transfer) => main().profile(request, transfer),
    declare: (memoryBytes) => main().declare(memoryBytes),
    runtimeWasm: first.connection.runtimeWasm,
    get workers() {
      return alive().flatMap((member) => member.connection.workers);
    },
    get end() {
      return alive().length === 0 ? lost : undefined;
    },
  };
  if (pool.min > 1) queueMicrotask(look);
  return { ...first, connection };
}
