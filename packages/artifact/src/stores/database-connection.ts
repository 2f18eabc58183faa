import { createStore, type UseStore } from 'idb-keyval';

/** A database with one object store, opened when it is first used. */
export interface DatabaseConnection {
  /** Opens it if need be, again if the connection was lost or released. */
  readonly use: UseStore;
  readonly isOpen: boolean;
  /** Operations under way are finished first. */
  close(): void;
}

/**
 * Connects through idb-keyval, and closes the connection when somebody deletes the database. Without that, an app
 * that forgets its user would wait until this page and its workers are gone, and every later `open` behind it.
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
    // The browser fires this only for connections that it closes itself. idb-keyval opens a new one after it.
    connection?.dispatchEvent(new Event('close'));
  }

  return {
    // Asynchronous, because `indexedDB.open` throws in a sandboxed frame.
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
