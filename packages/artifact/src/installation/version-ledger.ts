import { type ErrorCode, ownFields, type Store } from '@nearside/core';
import type { WholeFiles } from '../model-version.js';
import type { ReleaseIdentity } from '../oms/verify-bundle.js';
import { MARKS_KEY, pointerKey, versionKey } from './record-keys.js';
import {
  CANDIDATE_TRIES,
  mergeChunks,
  mergeWhole,
  nextMarks,
  type Pointer,
  parsePointer,
  parseRecord,
  readRecords,
  type StoredChunk,
  type VersionRecord,
} from './version-records.js';

/** Written down about a version when it arrives or is used. */
export interface VersionEntry {
  readonly release: ReleaseIdentity;
  readonly bundle: Uint8Array<ArrayBuffer>;
  readonly chunks: readonly StoredChunk[];
  /** Undefined until one of its files is read. */
  readonly whole?: WholeFiles | undefined;
}

/**
 * One model's versions on this device, and every step a version can take: arriving → candidate →
 * active → previous, or failed. Each step is one transaction, so that tabs never undo one another's
 * and a crash leaves the state before or after it. A shadow stays a candidate, so its chunks are kept, until it is rolled out.
 */
export interface VersionLedger {
  pointer(): Promise<Pointer>;
  record(sequence: number): Promise<VersionRecord | undefined>;
  failed(): Promise<ReadonlySet<number>>;
  /** Notes that the version arrives or is used, so that its chunks are not collected. */
  remember(entry: VersionEntry): Promise<void>;
  /** Makes the version the candidate, with all its tries if it was not that already. */
  makeCandidate(sequence: number): Promise<void>;
  /** Counts one of a candidate's tries. @returns how many are left; undefined when none was */
  spendTry(sequence: number): Promise<number | undefined>;
  /** Makes the version the active one, proven by a backend. */
  activate(entry: VersionEntry, provenBy: string): Promise<void>;
  /** Gives the version up. The one before it is active again. */
  reject(sequence: number, failure: ErrorCode): Promise<void>;
}

export function openVersionLedger(
  store: Store,
  { prefix, model, now }: { prefix: string; model: string; now: () => number },
): VersionLedger {
  const keyOfPointer = pointerKey(prefix, model);
  const keyOf = (sequence: number) => versionKey(prefix, model, sequence);

  /** One version and the pointer change together. */
  function step(sequence: number, change: Step): Promise<void> {
    const keys = [keyOfPointer, keyOf(sequence), MARKS_KEY];
    return store.transact(keys, ([pointer, record, marks]) => {
      const next = ownFields(change(parsePointer(pointer), parseRecord(record)), 1);
      const set = new Map<string, unknown>([[MARKS_KEY, nextMarks(marks)]]);
      if (next?.pointer) set.set(keyOfPointer, next.pointer);
      if (next?.record) set.set(keyOf(sequence), next.record);
      return { set };
    });
  }

  return {
    pointer: async () => parsePointer(await store.get(keyOfPointer)),
    record: async (sequence) => parseRecord(await store.get(keyOf(sequence))),
    async failed() {
      const records = await readRecords(store, prefix, model);
      const failed = [...records].filter(([, { state }]) => state === 'failed');
      return new Set(failed.map(([sequence]) => sequence));
    },
    remember: (entry) =>
      step(entry.release.sequence, (_, record) => ({ record: updated(entry, record, now()) })),
    makeCandidate: (sequence) => step(sequence, candidateOf(sequence)),
    async spendTry(sequence) {
      let left: number | undefined;
      await step(sequence, (_, record) => {
        if (!record || record.triesLeft <= 0) return undefined;
        left = record.triesLeft - 1;
        return { record: { ...record, triesLeft: left } };
      });
      return left;
    },
    activate: (entry, provenBy) =>
      step(entry.release.sequence, (pointer, known) => ({
        pointer: switchedTo(entry.release.sequence, pointer),
        record: proven(updated(entry, known, now()), provenBy),
      })),
    reject: (sequence, failure) =>
      step(sequence, (pointer, record) => ({
        pointer: without(sequence, pointer),
        ...(record && { record: { ...record, state: 'failed', failure, triesLeft: 0 } }),
      })),
  };
}

/** What a step makes of the pointer and of a version's record; undefined where it changes nothing. */
type Step = (
  pointer: Pointer,
  record: VersionRecord | undefined,
) => { pointer?: Pointer; record?: VersionRecord } | undefined;

function updated(
  { release, bundle, chunks, whole }: VersionEntry,
  record: VersionRecord | undefined,
  nowMs: number,
): VersionRecord {
  return {
    state: 'fetching',
    triesLeft: CANDIDATE_TRIES,
    provenBy: [],
    ...record,
    bundle,
    version: release.version,
    chunks: mergeChunks(record?.chunks ?? [], chunks),
    whole: mergeWhole(record?.whole, whole),
    lastUsedMs: nowMs,
  };
}

function candidateOf(sequence: number): Step {
  return (pointer, record) =>
    record && pointer.candidate !== sequence && pointer.active !== sequence
      ? {
          pointer: { ...pointer, candidate: sequence },
          record: { ...record, triesLeft: CANDIDATE_TRIES },
        }
      : undefined;
}

function proven(record: VersionRecord, provenBy: string): VersionRecord {
  return {
    ...record,
    state: 'proven',
    triesLeft: CANDIDATE_TRIES,
    provenBy: [...new Set([...record.provenBy, provenBy])],
  };
}

function switchedTo(sequence: number, { active, previous, candidate }: Pointer): Pointer {
  return {
    active: sequence,
    previous: active === sequence ? previous : active,
    candidate: candidate === sequence ? undefined : candidate,
  };
}

function without(sequence: number, { active, previous, candidate }: Pointer): Pointer {
  return {
    active: active === sequence ? previous : active,
    previous: active === sequence || previous === sequence ? undefined : previous,
    candidate: candidate === sequence ? undefined : candidate,
  };
}
