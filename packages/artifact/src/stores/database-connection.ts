import { createStore, type UseStore } from 'idb-keyval';

/** A database with one object store, opened when it is first used. */
export interface DatabaseConnection {
  /** Opens it if need be, anew where the connection was lost or let go. */
  readonly use: UseStore;
  readonly isOpen: boolean;
  /** What is under way is finished. */
  close(): void;
}

/**
 * Connects through idb-keyval, and gives way: without it, whoever deletes the database, such as an app
 * that forgets its user, waits until this page and its workers are gone, and every `open` behind them.
 */
export function connectDatabase(database: string): DatabaseConnection {
  const begin = createStore(database, 'nearside');
  let connection: IDBDatabase | undefined;

  function adopt(opened: IDBDatabase): void {
    if (opened === connection) return;
    connection = opened;
    opened.addEventListener('versionchange', close);
    opened.addEventListener('close', () => {
      connection = undefined;
    });
  }

  function close(): void {
    connection?.close();
    // The browser tells only of connections that it closes itself; idb-keyval opens anew after it.
    connection?.dispatchEvent(new Event('close'));
  }

  return {
    // Asynchronous: `indexedDB.open` throws in a sandboxed frame.
    use: async (mode, work) =>
      begin(mode, (objects) => {
        adopt(objects.transaction.db);
        return work(objects);
      }),
    get isOpen() {
      return connection !== undefined;
    },
    close,
  };
}
