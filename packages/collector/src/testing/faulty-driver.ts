import pg from 'pg';
import type { Driver } from '../postgres/session.js';
import type { Fault, Faults } from './store-crashes.js';

/** Connections whose statements fail on demand, as where the network is lost before or after one. */
export function faultyDriver(): Faults & {
  readonly Driver: Driver;
  /** Ends all connections, as the end of the process does. */
  end(): Promise<void>;
} {
  let armed: Fault | undefined;
  let steps = 0;
  let struck = false;
  const clients = new Set<pg.Client>();

  async function step<Value>(work: () => Promise<Value>): Promise<Value> {
    if (!armed) return work();
    steps += 1;
    const strikes = steps === armed.step;
    if (strikes && armed.when === 'before') fail();
    const value = await work();
    if (strikes) fail();
    return value;
  }

  function fail(): never {
    struck = true;
    throw new Error('injected fault');
  }

  class FaultyClient extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super(config);
      clients.add(this);
    }

    override query(...given: unknown[]): never {
      const query = super.query.bind(this) as unknown as (...given: unknown[]) => Promise<unknown>;
      return step(() => query(...given)) as never;
    }
  }

  return {
    Driver: FaultyClient,
    arm(fault) {
      [armed, steps, struck] = [fault, 0, false];
    },
    disarm() {
      armed = undefined;
      return struck;
    },
    async end() {
      await Promise.all([...clients].map((client) => client.end().catch(() => {})));
    },
  };
}
