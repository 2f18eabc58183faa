import { type ErrorCode, ownFields, type Store } from '@nearside/core';
import type { WholeFiles } from '../model-version.js';
import { versionPrefix } from './record-keys.js';

/**
 * A device's records of a model's versions. Nothing here is trusted: a record only says where to look, and what is
 * found there is verified.
 */

/** `p/<model>`: the only switch between versions, by sequence. */
export interface Pointer {
  readonly active?: number | undefined;
  readonly previous?: number | undefined;
  /** The version that is on its way here, and not proven yet. */
  readonly candidate?: number | undefined;
}

/** `v/<model>/<sequence>`: one version on this device, from its first byte on. */
export interface VersionRecord {
  /** The signed bundle, raw. */
  readonly bundle: Uint8Array<ArrayBuffer>;
  readonly version: string;
  /** Chunks that this device uses of it, stored or still to come. A collection keeps them. */
  readonly chunks: readonly StoredChunk[];
  /** `fetching` until a backend has proven it here; `failed` when none could. */
  readonly state: 'fetching' | 'proven' | 'failed';
  readonly failure?: ErrorCode | undefined;
  /** Loads a candidate is still allowed; counted down *before* each, so that a crash counts too. */
  readonly triesLeft: number;
  /** Backends that have reproduced its golden outputs on this device, as their prover names them. */
  readonly provenBy: readonly string[];
  readonly whole?: WholeFiles | undefined;
  readonly lastUsedMs: number;
}

export type StoredChunk = readonly [sha256: string, sizeBytes: number];

/** A candidate is loaded so often before the device stays with the version it has. */
export const CANDIDATE_TRIES = 2;

export function nextMarks(value: unknown): number {
  return (sequence(value) ?? 0) + 1;
}

/** Reads a pointer from any value in the store. */
export function parsePointer(value: unknown): Pointer {
  const { active, previous, candidate }: Record<string, unknown> = {
    active: undefined,
    previous: undefined,
    candidate: undefined,
    ...(typeof value === 'object' ? value : undefined),
  };
  return { active: sequence(active), previous: sequence(previous), candidate: sequence(candidate) };
}

/** Reads a record from any value in the store; undefined if it is none. */
export function parseRecord(value: unknown): VersionRecord | undefined {
  const record = ownFields(value, 1) as Partial<VersionRecord> | null | undefined;
  if (!(record?.bundle instanceof Uint8Array)) return undefined;
  const { state, failure } = record;
  return {
    bundle: record.bundle,
    version: typeof record.version === 'string' ? record.version : '',
    chunks: Array.isArray(record.chunks) ? record.chunks.filter(isStoredChunk) : [],
    state: state === 'proven' || state === 'failed' ? state : 'fetching',
    failure: typeof failure === 'string' ? failure : undefined,
    triesLeft: sequence(record.triesLeft) ?? 0,
    provenBy: Array.isArray(record.provenBy) ? record.provenBy.filter(isString) : [],
    whole: parseWhole(record.whole),
    lastUsedMs: sequence(record.lastUsedMs) ?? 0,
  };
}

export async function readRecords(
  store: Store,
  prefix: string,
  model: string,
): Promise<Map<number, VersionRecord>> {
  const under = versionPrefix(prefix, model);
  const records = new Map<number, VersionRecord>();
  for (const key of await store.keys(under)) {
    const record = parseRecord(await store.get(key));
    if (record) records.set(Number(key.slice(under.length)), record);
  }
  return records;
}

/** Joins both lists; each chunk comes once. */
export function mergeChunks(
  a: readonly StoredChunk[],
  b: readonly StoredChunk[],
): readonly StoredChunk[] {
  return [...new Map([...a, ...b].map((chunk) => [chunk[0], chunk]))].map(([, chunk]) => chunk);
}

/** Joins what is known about one bundle. For two bundles the later entry wins. */
export function mergeWhole(
  earlier: WholeFiles | undefined,
  later: WholeFiles | undefined,
): WholeFiles | undefined {
  if (!earlier || !later) return later ?? earlier;
  if (earlier.manifestSha256 !== later.manifestSha256) return later;
  return { ...later, names: [...new Set([...earlier.names, ...later.names])] };
}

function parseWhole(value: Partial<WholeFiles> | null | undefined): WholeFiles | undefined {
  const { manifestSha256, names } = value ?? {};
  if (!isString(manifestSha256) || !Array.isArray(names)) return undefined;
  return { manifestSha256, names: names.filter(isString) };
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isStoredChunk(value: unknown): value is StoredChunk {
  return Array.isArray(value) && typeof value[0] === 'string' && Number.isSafeInteger(value[1]);
}

function sequence(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}
