import type { Lack, LookedFor } from '../../src/findings/looked-for.js';
import {
  countWords,
  formatCount,
  formatList,
  formatMoment,
  formatPoints,
  formatRate,
} from './format.js';

/** A lab is often not like the field: that is told beside the health, which stays as it is. */
export const IS_BESIDE = 'baseline' satisfies LookedFor['id'];

/** A health line says this beside its findings. */
export interface LookedAt {
  /** Too few runs to judge: nothing is said of the model's health. */
  readonly isTooEarly: boolean;
  /** Names of what could be looked at and decides whether a model is well: "success, latency and drift". */
  readonly names: string;
  /** The present state of each thing that is needed and not complete: "10 runs", "no baseline", "no past". */
  readonly has: readonly string[];
  /** All that is missing, and when it will be there: "no past until 9 Mar, 08:00". */
  readonly missing: readonly string[];
  /** Kinds of findings that were not looked for, and why: "drift: no baseline". */
  readonly unseen: readonly string[];
  /** The least that would have been found: "success: below about 99.2% of runs". */
  readonly seen: readonly string[];
}

const NAMES: Record<LookedFor['id'], string> = {
  silence: 'silence',
  rollout: 'rollouts',
  success: 'success',
  latency: 'latency',
  drift: 'drift',
  baseline: 'distance from the baseline',
  concept: 'accuracy',
  accuracy: 'accuracy',
};

/** @param within the time of which runs and devices are counted, where it is not all */
export function lookedAtWords(looks: readonly LookedFor[], within = ''): LookedAt {
  const able = looks.filter((look) => 'sees' in look);
  const judging = able.filter(({ id }) => id !== IS_BESIDE);
  const unable = looks.filter((look) => 'lacks' in look);
  const lacks = eachOnce(unable.flatMap(({ lacks }) => lacks));
  const timed = (words: string, lack: Lack) => (hasNeed(lack) ? words + within : words);
  const told = (lack: Lack) => timed(lackWords(lack), lack);
  return {
    isTooEarly: unable.some(({ id }) => id === 'success'),
    names: formatList([...new Set(judging.map(({ id }) => NAMES[id]))]),
    has: lacks
      .filter(({ what }) => NEEDED.includes(what))
      .map((lack) => timed(shortWords(lack), lack)),
    missing: lacks.map((lack) => told(lack) + (lack.what === 'past' ? PAST_TELLS : '')),
    unseen: unable.map(({ id, lacks }) => `${NAMES[id]}: ${lacks.map(told).join(', ')}`),
    seen: able.map(({ id, sees }) => `${NAMES[id]}: ${seenWords(id, sees)}`),
  };
}

const ORDER: readonly Lack['what'][] = ['runs', 'devices', 'baseline', 'past', 'labels', 'control'];
/** Without labels or a control a model can still be called healthy. */
const NEEDED = ORDER.slice(0, 4);

/** Without a past this cannot be told. */
const PAST_TELLS = ', to tell whether inputs or answers change, or devices fall silent';

/** Leaves out what is the same: of several pasts all but the one that is there last, and a count without its need. */
function eachOnce(lacks: readonly Lack[]): Lack[] {
  const latest = lacks.toSorted(
    (a, b) => Number(hasNeed(b)) - Number(hasNeed(a)) || endOf(b) - endOf(a),
  );
  return ORDER.flatMap((name) => latest.find(({ what }) => what === name) ?? []);
}

function hasNeed(lack: Lack): boolean {
  return 'need' in lack && lack.need !== null;
}

function endOf(lack: Lack): number {
  return ('atMs' in lack ? lack.atMs : null) ?? Number.MAX_VALUE;
}

/** "10 runs", "no past" */
function shortWords(lack: Lack): string {
  return 'have' in lack ? countWords(lack.have, lack.what) : `no ${lack.what}`;
}

function lackWords(lack: Lack): string {
  switch (lack.what) {
    case 'runs':
    case 'devices': {
      const { what, have, need, atMs } = lack;
      if (need === null) return `too few ${what} (${formatCount(have)})`;
      const from = atMs === null ? '' : `, the rest by about ${formatMoment(atMs)}`;
      return `${formatCount(have)} of ${countWords(need, what)}${from}`;
    }
    case 'past':
      return lack.atMs === null ? shortWords(lack) : `no past until ${formatMoment(lack.atMs)}`;
    case 'baseline':
      return 'no baseline until a release brings one';
    case 'labels':
      return 'no labels until the app gives feedback';
    default:
      return shortWords(lack);
  }
}

function seenWords(id: LookedFor['id'], sees: number): string {
  switch (id) {
    case 'silence':
      return `fewer than ${countWords(sees, 'devices')} in an hour`;
    case 'rollout':
      return `more failed runs than the control has, by about ${formatPoints(sees)}`;
    case 'success':
      return `below about ${formatRate(sees)} of runs in two hours`;
    case 'latency':
      return `below about ${formatRate(sees)} of results within the target for P95 in two hours`;
    case 'drift':
      return `a population stability index from about ${sees.toPrecision(2)} on`;
    case 'baseline':
      return `a population stability index from ${sees.toPrecision(2)} on`;
    case 'concept':
      return `right less often than confidence says, by ${formatPoints(sees)}`;
    case 'accuracy':
      return `right below about ${formatRate(sees)} as often as on held-out data`;
  }
}
