import type Database from 'better-sqlite3';
import type { Fault, Faults } from './store-crashes.js';

/** A connection whose statements and commits fail on demand. A commit is a step like any other. */
export function faultyDatabase(
  real: Database.Database,
): Faults & { readonly database: Database.Database } {
  let armed: Fault | undefined;
  let steps = 0;
  let struck = false;

  function step<Value>(work: () => Value): Value {
    if (!armed) return work();
    steps += 1;
    const strikes = steps === armed.step;
    if (strikes && armed.when === 'before') fail();
    const value = work();
    if (strikes) fail();
    return value;
  }

  function fail(): never {
    struck = true;
    throw new Error('injected fault');
  }

  function wrapStatement(statement: Database.Statement): Database.Statement {
    return new Proxy(statement, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        if (name === 'pluck') return () => wrapStatement(target.pluck());
        return (...values: unknown[]) => step(() => member.apply(target, values));
      },
    });
  }

  function wrapTransaction(work: (...values: unknown[]) => unknown): unknown {
    const transaction = real.transaction((...values: unknown[]) => {
      const result = work(...values);
      // the commit that follows fails, or…
      if (armed?.when === 'before') step(() => undefined);
      return result;
    });
    const run = (...values: unknown[]) => {
      const result = transaction.immediate(...values);
      // …succeeds, and nobody is told
      if (armed?.when === 'after') step(() => undefined);
      return result;
    };
    return Object.assign(run, { immediate: run });
  }

  const database = new Proxy(real, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (name === 'prepare') return (sql: string) => wrapStatement(target.prepare(sql));
      if (name === 'transaction') return wrapTransaction;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });

  return {
    database,
    arm(fault) {
      [armed, steps, struck] = [fault, 0, false];
    },
    disarm() {
      armed = undefined;
      return struck;
    },
  };
}
