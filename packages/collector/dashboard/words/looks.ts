import type { Lack, Look } from '../../src/findings/looks.js';
import { formatCount, formatMoment, formatPoints, formatRate } from './format.js';

/** A health line says this beside its findings. */
export interface LookedAt {
  /** Too few runs to judge: nothing is said of the model's health. */
  readonly isTooEarly: boolean;
  /** Names of what could be looked at: "success, latency and drift". */
  readonly names: string;
  /** All that is missing: "10 runs (100 are needed), no baseline, no past until 9 Mar, 08:00". */
  readonly missing: string;
  /** Kinds of findings that were not looked for, and why: "drift: no baseline". */
  readonly unseen: readonly string[];
  /** The least that would have been found: "success: below about 99.2% of runs". */
  readonly seen: readonly string[];
}

const NAMES: Record<Look['id'], string> = {
  silence: 'silence',
  rollout: 'rollouts',
  success: 'success',
  latency: 'latency',
  drift: 'drift',
  concept: 'accuracy',
};

export function lookedAtText(looks: readonly Look[]): LookedAt {
  const able = looks.filter((look) => 'sees' in look);
  const unable = looks.filter((look) => 'lacks' in look);
  return {
    isTooEarly: unable.some(({ id }) => id === 'success'),
    names: listed([...new Set(able.map(({ id }) => NAMES[id]))]),
    missing: missingText(unable.flatMap(({ lacks }) => lacks)),
    unseen: unable.map(({ id, lacks }) => `${NAMES[id]}: ${lacks.map(lackText).join(', ')}`),
    seen: able.map(({ id, sees }) => `${NAMES[id]}: ${seenText(id, sees)}`),
  };
}

const ORDER: readonly Lack['what'][] = ['runs', 'devices', 'baseline', 'past', 'labels', 'control'];

/** Says each lack once: of several pasts the one that is there last. */
function missingText(lacks: readonly Lack[]): string {
  const pasts = lacks.filter(({ what }) => what === 'past').toSorted((a, b) => endOf(a) - endOf(b));
  const others = lacks.filter(({ what }) => what !== 'past');
  const sorted = [...others, ...pasts.slice(-1)].sort(
    (a, b) => ORDER.indexOf(a.what) - ORDER.indexOf(b.what),
  );
  return [...new Set(sorted.map(lackText))].join(', ');
}

function endOf(lack: Lack): number {
  return ('atMs' in lack ? lack.atMs : null) ?? Number.MAX_VALUE;
}

function lackText(lack: Lack): string {
  switch (lack.what) {
    case 'runs':
    case 'devices': {
      const { what, have, need, atMs } = lack;
      const count = `${formatCount(have)} ${have === 1 ? what.slice(0, -1) : what}`;
      if (need === null) return `too few ${what} (${formatCount(have)})`;
      const from = atMs === null ? '' : `, from about ${formatMoment(atMs)} on`;
      return `${count} (${formatCount(need)} are needed${from})`;
    }
    case 'past':
      return lack.atMs === null ? 'no past' : `no past until ${formatMoment(lack.atMs)}`;
    default:
      return `no ${lack.what}`;
  }
}

function seenText(id: Look['id'], sees: number): string {
  switch (id) {
    case 'silence':
      return `fewer than ${formatCount(sees)} devices in an hour`;
    case 'rollout':
      return `more failed runs than the control has, by about ${formatPoints(sees)}`;
    case 'success':
      return `below about ${formatRate(sees)} of runs`;
    case 'latency':
      return `below about ${formatRate(sees)} of results within the target for P95`;
    case 'drift':
      return `a population stability index from about ${sees.toPrecision(2)} on`;
    case 'concept':
      return `right less often than confidence says, by ${formatPoints(sees)}`;
  }
}

/** "a, b and c". */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
