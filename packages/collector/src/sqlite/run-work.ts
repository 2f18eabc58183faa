import type Database from 'better-sqlite3';
import type { Statement, Work } from '../store/statements.js';

/** Runs works over a connection. Each statement is prepared once. */
export function prepareRun(database: Database.Database): <Value>(work: Work<Value>) => Value {
  const prepared = new Map<string, Database.Statement>();

  function answer({ sql, given, answer }: Statement): unknown {
    const key = `${answer} ${sql}`;
    let statement = prepared.get(key);
    if (!statement) {
      statement = database.prepare(sql);
      if (answer === 'lists') statement = statement.raw();
      prepared.set(key, statement);
    }
    if (answer === 'changes') return statement.run(given).changes;
    // there may be many lists, and each is small
    return answer === 'rows' ? statement.all(given) : statement.iterate(given);
  }

  return (work) => {
    let step = work.next();
    while (!step.done) step = work.next(answer(step.value));
    return step.value;
  };
}
