import type { LabelScore } from 'nearside';

/** One answer, with all that is needed to say later how it came about. */
export interface Answer {
  /** When it was there: ISO 8601, UTC. */
  readonly time: string;
  readonly model: string;
  readonly version: string;
  readonly variant: string;
  readonly backend: string;
  readonly runId: string;
  /** Features as they were given. One that was left out is not in it. */
  readonly input: Readonly<Record<string, number>>;
  /** Labels by score, the best first. Scores are from 0 to 1. */
  readonly output: readonly LabelScore[];
  /** From the call to the result, ms. */
  readonly tookMs: number;
}

export interface AuditEntry extends Answer {
  /** Counts up from 1, and goes on after the log is cleared: a gap says that entries are gone. */
  readonly number: number;
}

const DATABASE = 'risk-audit-log';
const ENTRIES = 'entries';

let opening: Promise<IDBDatabase> | undefined;

/** Resolves when the answer is on the disk. */
export async function appendAnswer(answer: Answer): Promise<void> {
  const entries = await openEntries('readwrite');
  entries.add(answer);
  await committed(entries.transaction);
}

/** The latest entries first, of those whose number is between two others. */
export async function readEntries({
  after = 0,
  before = Number.POSITIVE_INFINITY,
  limit = Number.POSITIVE_INFINITY,
} = {}): Promise<AuditEntry[]> {
  const entries = await openEntries('readonly');
  const cursors = entries.openCursor(IDBKeyRange.bound(after, before, true, true), 'prev');
  const read: AuditEntry[] = [];
  for (;;) {
    const cursor = await settled(cursors);
    if (!cursor || read.length >= limit) return read;
    read.push(cursor.value);
    cursor.continue();
  }
}

export async function countEntries(): Promise<number> {
  return settled((await openEntries('readonly')).count());
}

export async function clearEntries(): Promise<void> {
  const entries = await openEntries('readwrite');
  entries.clear();
  await committed(entries.transaction);
}

async function openEntries(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  opening ??= openDatabase().catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  const database = await opening;
  return database.transaction(ENTRIES, mode, { durability: 'strict' }).objectStore(ENTRIES);
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.addEventListener('upgradeneeded', () => {
    request.result.createObjectStore(ENTRIES, { keyPath: 'number', autoIncrement: true });
  });
  return settled(request);
}

/** A cursor's request settles once for each entry. */
function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
