import type { ModelSpec } from '@nearside/core';
import type { AvailableBackend, LostPage, Quarantined } from '../../../shared/api/backends.js';
import { listContenders } from '../../../shared/contender-order.js';
import {
  type Contender,
  findContender,
  isSameContender,
  runsOnCpu,
} from '../../../shared/contenders.js';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import { browserName } from '../page-mark.js';
import { isBeside } from './deaths.js';
import { DAY_MS, type Death, LASTING_WITHIN_MS } from './device-record.js';

/** The care that an opening takes after deaths of pages. */
export interface Care {
  /** Deaths of the last day, and those that last; else the last one that care is taken for. The latest last. */
  readonly deaths: readonly Death[];
  /**
   * 0: nothing is changed; 1: another contender than what died, on wasm and one thread, unless `again` names that one; 2: the
   * contender with the least memory, on one thread; 3: none.
   */
  readonly rung: 0 | 1 | 2 | 3;
  /** It is opened again where it died, on one thread: the caller has chosen it, or a version is new here. */
  readonly again: Partial<Contender> | undefined;
  /** This version died twice before it had settled: the one before it serves, if there is one; else it is rung 2. */
  readonly goesBackFrom: { readonly version: string; readonly sequence: number } | undefined;
  /** It is the one try of a day, after nothing was left. */
  readonly isDaily: boolean;
}

/** Where a page opens a model. */
export interface Circumstances {
  readonly nowMs: number;
  /** The version that is likely opened; undefined where that is not known. */
  readonly sequence: number | undefined;
  /** The device has a version that served before it. */
  readonly hasPrevious: boolean;
  readonly adapter: string | undefined;
  /** The backend that the caller has chosen. */
  readonly forced: AvailableBackend | undefined;
  /** Backends that open by themselves. */
  readonly backends: readonly AvailableBackend[];
}

const NO_CARE: Care = {
  deaths: [],
  rung: 0,
  again: undefined,
  goesBackFrom: undefined,
  isDaily: false,
};

type Step = Partial<Care> & Pick<Care, 'rung'>;

/**
 * Says what follows from the deaths that a device remembers. Those of the last day while opening, loading or running count:
 * each is a rung down. Once nothing was left, there is one try a day on rung 2.
 *
 * @param all the latest last
 */
export function decide(all: readonly Death[], where: Circumstances): Care {
  const { nowMs, forced } = where;
  const deaths = all.filter((death) => isRecent(death, nowMs) || lasts(death, where));
  const grave = all.filter((death) => !isBeside(death) && isOfForced(death, where));
  const own = grave.filter((death) => isOfVersion(death, where));
  const care = { ...NO_CARE, deaths };
  const wasNothingLeft = own.some(
    ({ atMs }) => nowMs - atMs < LASTING_WITHIN_MS && rungAt(atMs, grave, where).rung === 3,
  );
  if (!wasNothingLeft) return { ...care, ...rungAt(nowMs, grave, where) };
  if (own.some((death) => isRecent(death, nowMs))) return { ...care, rung: 3 };
  const told = deaths.length > 0 ? deaths : own.slice(-1);
  const again = forced && { backend: forced };
  return { ...care, deaths: told, rung: forced ? 1 : 2, again, isDaily: true };
}

/** A version that was given up counts only where the one before it dies on the same day. */
function rungAt(endMs: number, grave: readonly Death[], where: Circumstances): Step {
  const ofDay = grave.filter((death) => death.atMs <= endMs && isRecent(death, endMs));
  const own = ofDay.filter((death) => isOfVersion(death, where));
  const isThird = ofDay.length > 2 && ofDay.at(-1) === own.at(-1);
  return isThird ? { rung: 3 } : rungOf(own, where);
}

function isOfForced({ backend }: Death, { forced }: Circumstances): boolean {
  return !forced || backend === undefined || backend === forced;
}

/** A version that had not settled is judged by its own deaths, and other versions are not. */
function isOfVersion({ isSettled, sequence }: Death, where: Circumstances): boolean {
  const isKnown = sequence !== undefined && where.sequence !== undefined;
  return isSettled || !isKnown || sequence === where.sequence;
}

function isRecent({ atMs }: Death, nowMs: number): boolean {
  return nowMs - atMs < DAY_MS;
}

/** @param deaths that count, within a day */
function rungOf(deaths: readonly Death[], where: Circumstances): Step {
  const { forced, backends } = where;
  const last = deaths.at(-1);
  if (!last) return { rung: 0 };
  const n = deaths.length;
  if (forced) return n > 1 ? { rung: 3 } : { rung: 1, again: { backend: forced } };
  const { sequence, version = '', backend, variant } = last;
  if (!last.isSettled && sequence !== undefined) {
    if (n === 1) return { rung: 1, again: { backend, variant } as Partial<Contender> };
    if (n === 2 && where.hasPrevious) return { rung: 2, goesBackFrom: { version, sequence } };
  }
  if (n === 1) return { rung: 1 };
  return { rung: n > 2 || hasLightestDied(deaths, backends) ? 3 : 2 };
}

/** Nothing is left where the contender that rung 2 would open has died already. */
function hasLightestDied(deaths: readonly Death[], backends: readonly AvailableBackend[]): boolean {
  const { variants } = deaths.at(-1) ?? {};
  if (!variants) return false;
  const least = leastOf(listContenders(variants, backends.filter(runsOnCpu)), variants);
  return deaths.some((death) => death.threads === 1 && isSameContender(death, least));
}

/** @returns the contender whose variant needs the least memory, and the first of several; one without a measurement last */
function leastOf(
  contenders: readonly Contender[],
  variants: ModelSpec['variants'],
): Contender | undefined {
  const bytesOf = ({ variant }: Contender) =>
    variants.find(({ name }) => name === variant)?.memoryBytes ?? Number.POSITIVE_INFINITY;
  const least = Math.min(...contenders.map(bytesOf));
  return contenders.find((contender) => bytesOf(contender) === least);
}

/** It has died twice, and would again in these circumstances. */
function lasts(death: Death, { sequence, adapter }: Circumstances): boolean {
  const isHere = death.library === LIBRARY_VERSION && death.browser === browserName();
  const isOfVersion = sequence === undefined || death.sequence === sequence;
  const isOfGpu = !death.backend || runsOnCpu(death.backend) || death.adapter === adapter;
  return death.isLasting && isHere && isOfVersion && isOfGpu;
}

/** Nothing runs beside calls, and the rest on one thread. */
export function isLight({ rung }: Care): boolean {
  return rung > 0;
}

/** Contenders of a version that have died twice, with one thread or on a GPU: never tried again. */
function bannedBy({ deaths }: Care, sequence: number | undefined): readonly Death[] {
  const isOfVersion = (death: Death) => death.sequence === sequence && !isBeside(death);
  return deaths.filter((death) => death.isLasting && death.threads === 1 && isOfVersion(death));
}

/** True where several threads have died twice. */
export function needsOneThread(care: Care): boolean {
  const isOfThreads = (death: Death) => death.isLasting && !isBeside(death) && death.threads > 1;
  return isLight(care) || care.deaths.some(isOfThreads);
}

/**
 * Lists the contenders of a version that may be opened, the best first; none where each has died for good.
 *
 * @param backends in the order in which they would be tried without any care
 */
export function allowedBy(
  care: Care,
  { sequence, variants }: Pick<ModelSpec, 'variants'> & { readonly sequence: number | undefined },
  backends: readonly AvailableBackend[],
): readonly Contender[] {
  const banned = bannedBy(care, sequence);
  const all = listContenders(variants, backends).filter((one) => !findContender(banned, one));
  const { again, rung } = care;
  const same = all.filter(
    ({ backend, variant }) =>
      backend === again?.backend && (again.variant === undefined || again.variant === variant),
  );
  if (same.length > 0) return same;
  const onCpu = rung > 0 ? all.filter(({ backend }) => runsOnCpu(backend)) : all;
  if (rung === 2) {
    const least = leastOf(onCpu, variants);
    return least ? [least] : [];
  }
  const died = care.deaths.filter((death) => !isBeside(death));
  const others = onCpu.filter((one) => !findContender(died, one));
  return rung === 1 && others.length > 0 ? others : onCpu;
}

/**
 * Tells whether work beside runs is left out for a contender: its page died of that, as far as it was chosen by then, or
 * pages died of that three times, whatever it was done for.
 */
export function isKeptFrom(
  care: Care,
  phase: 'warming' | 'tuning' | 'updating',
  contender: Contender,
): boolean {
  const died = care.deaths.filter((death) => death.phase === phase);
  return (
    died.length > 2 ||
    died.some(({ backend, variant = contender.variant }) =>
      isSameContender({ backend, variant }, contender),
    )
  );
}

/** Lists what died, each contender once, for people: as quarantined as a backend with wrong numbers. */
export function quarantinedBy({ deaths }: Care): Quarantined[] {
  const last = deaths.filter((death, i) => !findContender(deaths.slice(i + 1), death));
  return last.flatMap((death) => {
    const { backend, variant, atMs } = death;
    return backend
      ? [{ backend, variant, code: 'page-lost' as const, message: tellDeath(death), atMs }]
      : [];
  });
}

/** Says in words what died when. */
export function tellDeath({ phase, backend, variant, threads, atMs, isLasting }: Death): string {
  const name = [variant, backend].filter(Boolean).join(' on ') || 'no backend yet';
  return (
    `${name}: the browser ended the page while this was ${phase} (threads: ${threads}), ${new Date(atMs).toISOString()}` +
    `${isLasting ? ', for the second time' : ''}`
  );
}

/** Gives what callers are told of each death. */
export function tellLost({ deaths }: Care): LostPage[] {
  return deaths.map(({ phase, backend, variant, threads, atMs, isLasting }) => {
    return { phase, backend, variant, threads, atMs, isLasting };
  });
}

/** When one more try may be made, Unix time, ms. */
export function triesAgainMs({ deaths }: Care): number {
  const last = deaths.findLast((death) => !isBeside(death));
  return (last?.atMs ?? 0) + DAY_MS;
}
