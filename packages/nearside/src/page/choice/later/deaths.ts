import { pointerKey, sequenceOfSeal } from '@nearside/artifact';
import type { LostPage } from '../../../shared/api/backends.js';
import { SETTLING_RUNS } from '../../../shared/ended-run.js';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import { LEFT } from '../../../shared/page-events.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { AT_OPENING, AT_RUNS, BESIDE_RUNS, lockOf, type StoredMark } from '../page-mark.js';
import {
  changeRecord,
  type Death,
  type DeviceRecord,
  LASTING_WITHIN_MS,
  type Model,
  parseDeath,
  parseRecord,
  type Versions,
} from './device-record.js';

/** Records of earlier pages: marks to judge, and deaths that were judged. */
export interface Traces {
  /** Keys of marks of other pages. */
  readonly marks: readonly IDBValidKey[];
  /** The record of deaths, unchecked. */
  readonly deaths: unknown;
}

/** So many deaths are kept. */
const KEPT = 64;

/** The place where a page opens a model, as far as deaths depend on it. */
export interface Place {
  readonly nowMs: number;
  readonly adapter: string | undefined;
}

interface Judged {
  readonly record: DeviceRecord;
  /** The version that is the active one on this device. */
  readonly sequence: number | undefined;
  readonly hasPrevious: boolean;
}

/**
 * Judges the marks of other pages: one whose lock is free is of a page that died. It becomes a death in the transaction
 * that takes it away, so one that two tabs see is counted once.
 */
export async function judgeMarks(
  plan: Pick<OpenPlan, 'prefix' | 'address' | 'trust'>,
  { marks, deaths }: Traces,
  place: Place,
): Promise<Judged> {
  const { prefix, address, trust } = plan;
  const { sealSha256 } = trust;
  const { held = [], pending = [] } = await navigator.locks.query();
  const locked = new Set([...held, ...pending].map(({ name }) => name));
  const free = marks.map(String).filter((key) => !locked.has(lockOf(key)));
  let record = parseRecord(deaths, place.nowMs);
  let versions: Versions = {};
  const more = [pointerKey(prefix, address.model), ...free];
  await changeRecord(plan, more, (known, [pointer, ...found]) => {
    versions = pointer ?? {};
    record = withDeaths(known, found.filter(hasDied), place);
    return { record, delete: free };
  });
  const { active, previous } = versions;
  return {
    record,
    sequence: sealSha256 ? sequenceOfSeal(sealSha256) : active,
    hasPrevious: !sealSha256 && previous !== undefined,
  };
}

/** Its page was not left, or came back and was marked again. */
function hasDied(mark: unknown): boolean {
  const { pageMs, atMs = 0 } = (mark ?? {}) as Partial<StoredMark>;
  try {
    const [leftPageMs, leftMs = 0] = localStorage[LEFT].split(' ').map(Number);
    return pageMs !== leftPageMs || atMs > leftMs;
  } catch {
    return true; // none was left, or that store is blocked
  }
}

/**
 * A page that had opened a model twice died once: its mark with the most optional work counts. So do pages that were at work
 * side by side, as when the power was cut. One that was still opening had not yet judged those before it.
 */
function onePerEnd(found: readonly unknown[]): unknown[] {
  const byEnd = new Map<unknown, Partial<StoredMark>>();
  for (const one of found) {
    const mark = (one ?? {}) as Partial<StoredMark>;
    const end = mark.phase === 'opening' ? mark.pageMs : 'together';
    const other = byEnd.get(end);
    if (!other || placeOf(mark) > placeOf(other)) byEnd.set(end, mark);
  }
  return [...byEnd.values()];
}

/** Work of the last place is blamed, as it is among what one mark speaks of. */
function placeOf(mark: Partial<StoredMark>): number {
  if (isBeside(mark)) return BESIDE_RUNS;
  return mark.phase === 'running' ? AT_RUNS : AT_OPENING;
}

/** Adds a death for each page that has left marks. */
export function withDeaths(
  known: DeviceRecord,
  marks: readonly unknown[],
  place: Place,
): DeviceRecord {
  const all = [...known.deaths];
  for (const mark of onePerEnd(marks)) {
    const death = deathOf(mark, known, place);
    if (!death) continue;
    const isLasting = known.deaths.some(
      (before) => isSame(before, death) && death.atMs - before.atMs < LASTING_WITHIN_MS,
    );
    all.push({ ...death, isLasting });
  }
  all.sort((a, b) => a.atMs - b.atMs);
  return { ...known, deaths: all.slice(-KEPT) };
}

/** The same work, as far as a device can tell: version, backend, variant, threads, browser, library and GPU. */
function isSame(a: Death, b: Death): boolean {
  const isOnGpu = b.backend?.endsWith('webgpu');
  return (
    b.variant !== undefined &&
    (isOnGpu ? SAME_ON_GPU : SAME).every((field) => a[field] === b[field]) &&
    isBeside(a) === isBeside(b)
  );
}

const SAME = ['backend', 'variant', 'threads', 'sequence', 'browser', 'library'] as const;
const SAME_ON_GPU = [...SAME, 'adapter'] as const;

/** It was doing optional work, which nobody waited for. */
export function isBeside({ phase }: { readonly phase?: LostPage['phase'] | undefined }): boolean {
  return phase === 'warming' || phase === 'tuning' || phase === 'updating';
}

/**
 * @returns undefined for a mark that is broken, of another library's version, or from a clock that has been put back by
 *   more than a day since: nothing follows from it
 */
function deathOf(
  mark: unknown,
  { runs }: DeviceRecord,
  { nowMs, adapter }: Place,
): Death | undefined {
  const { backend, threads } = (mark ?? {}) as Partial<Death>;
  const used = backend === 'onnx-wasm' ? threadsFor(threads) : 1;
  const given = { ...(mark as object), threads: used, adapter, isLasting: false, isTaken: false };
  const death = parseDeath(given, nowMs);
  if (death?.library !== LIBRARY_VERSION) return undefined;
  const { good = 0 } = runs.find(({ sequence }) => sequence === death.sequence) ?? {};
  return { ...death, isSettled: good >= SETTLING_RUNS };
}

/** As `worker/backends/cpu-features.ts` chooses them, where threads start. */
export function threadsFor(asked = 4): number {
  if (globalThis.crossOriginIsolated !== true) return 1;
  return Math.max(1, Math.min(asked, globalThis.navigator?.hardwareConcurrency ?? 1));
}

/** Takes deaths that no report has: each is given to one caller. */
export async function takeDeaths(model: Model & Pick<OpenPlan, 'store'>): Promise<TakenDeath[]> {
  let taken: TakenDeath[] = [];
  if (model.store !== 'auto') return taken;
  const { prefix, address } = model;
  const pointer = pointerKey(prefix, address.model);
  await changeRecord(model, [pointer], ({ deaths, runs }, [versions]) => {
    const left = deaths.filter(({ isTaken }) => !isTaken);
    if (left.length === 0) return undefined;
    taken = left.map((death) => ({ ...death, update: lostUpdate(death, versions ?? {}) }));
    return { record: { runs, deaths: deaths.map((death) => ({ ...death, isTaken: true })) } };
  });
  return taken;
}

interface TakenDeath extends Death {
  /** The version that had not settled, on a device with another one. */
  readonly update: string | undefined;
}

/** Nobody goes back from a version for deaths while it is tuned or warmed up. */
export function lostUpdate(
  { phase, isSettled, sequence, version }: Death,
  { active = sequence, previous = sequence }: Versions,
): string | undefined {
  const isOfUpdate = phase !== 'tuning' && phase !== 'warming' && !isSettled;
  return isOfUpdate && (active !== sequence || previous !== sequence) ? version : undefined;
}
