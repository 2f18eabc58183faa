import type { Store } from '@nearside/core';
import { CHUNK_PREFIX, chunkKey } from '../chunks/chunk-store.js';
import { MARKS_KEY } from './record-keys.js';
import { parsePointer, parseRecord, type VersionRecord } from './version-records.js';

/** A version that was taken off the device. */
export interface EvictedVersion {
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  /** Size of all its chunks, bytes. Chunks that it shares with a kept version stay. */
  readonly sizeBytes: number;
}

interface Collection {
  readonly budgetBytes?: number | undefined;
  readonly heldOnly?: string | undefined;
  readonly nowMs: number;
}

interface Entry {
  readonly key: string;
  readonly model: string;
  readonly sequence: number;
  readonly record: VersionRecord;
  /** Active, previous or candidate of its model, or on its way here: never evicted. */
  readonly isHeld: boolean;
}

/** The store keeps this much beside the versions that are held. */
const DEFAULTS = Object.freeze({
  /** Chunks of all versions, bytes. */
  storeBytes: 256 * 1024 * 1024,
  /** A version asked for so recently may still be arriving in some tab: not evicted, ms. */
  fetchingMs: 60 * 60 * 1000,
});

/** A collection is decided anew so often, when versions change meanwhile. */
const ROUNDS = 3;

/**
 * Mark and sweep over all models of all repositories that share the store. A version nobody points to is kept while
 * there is room; the least recently used goes first. Then every chunk that no kept version names is swept. Nothing is
 * removed that another tab marks meanwhile.
 *
 * @param budgetBytes what the chunks of all versions may take; held versions may take all of it
 * @param heldOnly prefix of keys: of these versions those that are held are kept, and no other
 */
export async function collectGarbage(store: Store, options: Collection): Promise<EvictedVersion[]> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const marks = await store.get(MARKS_KEY);
    const { removed, evicted } = await decide(store, options);
    if (removed.length === 0) return [];
    let isCurrent = false;
    await store.transact([MARKS_KEY], ([now]) => {
      isCurrent = now === marks;
      return isCurrent ? { delete: removed } : undefined;
    });
    if (isCurrent) return evicted;
  }
  return [];
}

async function decide(
  store: Store,
  { budgetBytes = DEFAULTS.storeBytes, heldOnly, nowMs }: Collection,
): Promise<{ removed: string[]; evicted: EvictedVersion[] }> {
  const chunkKeys = await store.keys(CHUNK_PREFIX);
  const entries = await readEntries(store, nowMs);
  const { kept, evicted } = chooseKept(entries, { budgetBytes, heldOnly });
  const marked = new Set(
    kept.flatMap(({ record }) => record.chunks.map(([hash]) => chunkKey(hash))),
  );
  return {
    removed: [...evicted.map(({ key }) => key), ...chunkKeys.filter((key) => !marked.has(key))],
    evicted: evicted.map(({ model, sequence, record }) => ({
      model,
      sequence,
      version: record.version,
      sizeBytes: record.chunks.reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0),
    })),
  };
}

/** Keys are `<pin>/p/<model>` and `<pin>/v/<model>/<sequence>`. */
async function readEntries(store: Store, nowMs: number): Promise<Entry[]> {
  const keys = (await store.keys('')).filter((key) => /^[0-9a-f]{16}\/[pv]\//.test(key));
  const held = new Set<string>();
  for (const key of keys.filter((key) => key.startsWith('/p/', 16))) {
    const { active, previous, candidate } = parsePointer(await store.get(key));
    const versions = key.replace('/p/', '/v/');
    for (const sequence of [active, previous, candidate]) held.add(`${versions}/${sequence}`);
  }
  const entries: Entry[] = [];
  for (const key of keys.filter((key) => key.startsWith('/v/', 16))) {
    const record = parseRecord(await store.get(key));
    const [, , model = '', sequence] = key.split('/');
    if (!record) continue;
    const ageMs = nowMs - record.lastUsedMs; // below zero where the clock was set back
    const isArriving = record.state === 'fetching' && ageMs >= 0 && ageMs < DEFAULTS.fetchingMs;
    const isHeld = held.has(key) || isArriving;
    entries.push({ key, model, sequence: Number(sequence), record, isHeld });
  }
  return entries;
}

function chooseKept(
  entries: readonly Entry[],
  { budgetBytes, heldOnly }: Pick<Collection, 'heldOnly'> & { budgetBytes: number },
): { kept: Entry[]; evicted: Entry[] } {
  const kept = entries.filter(({ isHeld }) => isHeld);
  const evicted: Entry[] = [];
  const isUnwanted = ({ key }: Entry) => heldOnly !== undefined && key.startsWith(heldOnly);
  const unwanted = entries.filter((entry) => !entry.isHeld && isUnwanted(entry));
  const rest = entries.filter((entry) => !entry.isHeld && !isUnwanted(entry));
  rest.sort((a, b) => b.record.lastUsedMs - a.record.lastUsedMs);
  for (const entry of rest) {
    // A version that failed here keeps its record, so that it is not tried again, but loses its bytes.
    if (entry.record.state === 'failed') continue;
    // All versions after the first that does not fit are evicted. Otherwise an older small one would outlive it.
    const isFull = evicted.length > 0 || sizeOf([...kept, entry]) > budgetBytes;
    if (isFull) evicted.push(entry);
    else kept.push(entry);
  }
  return { kept, evicted: [...unwanted, ...evicted] };
}

/** Bytes of the chunks of these versions, shared ones once. */
function sizeOf(entries: readonly Entry[]): number {
  const sizes = new Map(entries.flatMap(({ record }) => record.chunks));
  return [...sizes.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0);
}
