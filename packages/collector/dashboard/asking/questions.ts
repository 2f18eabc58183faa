import { DAY_MS } from '../../src/counting/time.js';
import { LOOKED_BACK_MS } from '../../src/findings/looked-back.js';
import type { FleetAccuracy } from '../../src/fleet/accuracy.js';
import type { FleetCanary } from '../../src/fleet/canary.js';
import type { FleetCost } from '../../src/fleet/cost.js';
import type { FleetCoverage } from '../../src/fleet/coverage.js';
import type { FleetDrift } from '../../src/fleet/drift.js';
import type { FleetFaults } from '../../src/fleet/faults.js';
import type { FleetFindings } from '../../src/fleet/findings.js';
import type { FleetLatency } from '../../src/fleet/latency.js';
import type { FleetObjectives } from '../../src/fleet/objectives.js';
import type { FleetParts } from '../../src/fleet/parts.js';
import type { FleetReleases } from '../../src/fleet/releases.js';
import type { FleetService } from '../../src/fleet/service.js';
import type { FleetSilence } from '../../src/fleet/silence.js';
import type { FleetSpeed } from '../../src/fleet/speed.js';
import type { FleetSpread } from '../../src/fleet/spread.js';
import type { KeptTrace } from '../../src/store/rollup-store.js';
import { before, type Moment, monthBefore, monthOf } from '../state/moment.js';
import type { Stretch } from '../state/page-state.js';

/** The answers that a view may ask for, by question. */
export interface Asked {
  latency: FleetLatency;
  latencyBefore: FleetLatency;
  latencyVersionBefore: FleetLatency;
  spread: FleetSpread;
  parts: FleetParts;
  speed: FleetSpeed;
  objectives: FleetObjectives;
  service: FleetService;
  serviceLately: FleetService;
  drift: FleetDrift;
  accuracy: FleetAccuracy;
  canary: FleetCanary;
  silence: FleetSilence;
  findings: FleetFindings;
  releases: FleetReleases;
  faults: FleetFaults;
  traces: { readonly traces: readonly KeptTrace[] };
  month: FleetLatency;
  monthBefore: FleetLatency;
  monthObjectives: FleetObjectives;
  monthObjectivesBefore: FleetObjectives;
  monthAccuracy: FleetAccuracy;
  monthAccuracyBefore: FleetAccuracy;
  monthCost: FleetCost;
  monthCostBefore: FleetCost;
  monthReleases: FleetReleases;
  monthDeliveries: FleetReleases;
  monthDeliveriesBefore: FleetReleases;
  monthFindings: FleetFindings;
  monthFindingsBefore: FleetFindings;
  monthCoverage: FleetCoverage;
  monthCoverageBefore: FleetCoverage;
}

export type QuestionName = keyof Asked;

export interface Question {
  /** The last part of its address. */
  readonly path: string;
  /** Left out where the question is not about a time. */
  readonly over?: (moment: Moment) => Stretch;
  /** Version and segment narrow it. */
  readonly isFiltered?: true;
  /** Another version than the chosen one. Where it is empty, nothing is asked. */
  readonly version?: (moment: Moment) => string;
  /** It is asked again so often while the page is visible. */
  readonly everySeconds: number;
}

const shown = ({ fromMs, toMs }: Moment): Stretch => ({ fromMs, toMs });
/** The range with its end, made longer where an answer needs it. */
const atLeast =
  (ms: number) =>
  ({ fromMs, toMs }: Moment): Stretch => ({ fromMs: Math.min(fromMs, toMs - ms), toMs });
/** The days until the end of the range, however short that is. */
const lastDays =
  (days: number) =>
  ({ toMs }: Stretch): Stretch => ({ fromMs: toMs - days * DAY_MS, toMs });
/** All that is kept until the end of the range. */
const all = lastDays(400);

export const QUESTIONS: { readonly [Name in QuestionName]: Question } = {
  latency: { path: 'latency', over: shown, isFiltered: true, everySeconds: 15 },
  latencyBefore: { path: 'latency', over: before, isFiltered: true, everySeconds: 60 },
  latencyVersionBefore: {
    path: 'latency',
    over: shown,
    isFiltered: true,
    version: ({ versionBefore }) => versionBefore,
    everySeconds: 60,
  },
  spread: { path: 'spread', over: shown, isFiltered: true, everySeconds: 30 },
  parts: { path: 'parts', over: shown, everySeconds: 60 },
  speed: { path: 'speed', over: shown, everySeconds: 60 },
  objectives: { path: 'objectives', over: lastDays(28), everySeconds: 60 },
  service: { path: 'service', over: shown, everySeconds: 60 },
  serviceLately: {
    path: 'service',
    over: ({ toMs }) => ({ fromMs: toMs - LOOKED_BACK_MS.service, toMs }),
    everySeconds: 60,
  },
  drift: { path: 'drift', over: atLeast(LOOKED_BACK_MS.drift), everySeconds: 60 },
  accuracy: { path: 'accuracy', over: atLeast(LOOKED_BACK_MS.accuracy), everySeconds: 60 },
  canary: { path: 'canary', over: atLeast(LOOKED_BACK_MS.canary), everySeconds: 60 },
  silence: { path: 'silence', over: atLeast(LOOKED_BACK_MS.silence), everySeconds: 60 },
  // with what was written down at the end itself
  findings: {
    path: 'findings',
    over: ({ fromMs, toMs }) => ({ fromMs, toMs: toMs + 1 }),
    everySeconds: 15,
  },
  // to know since when a rollout runs
  releases: { path: 'releases', over: all, everySeconds: 60 },
  faults: { path: 'faults', over: shown, everySeconds: 60 },
  traces: { path: 'traces', everySeconds: 60 },
  month: inMonth('latency', monthOf),
  monthBefore: inMonth('latency', monthBefore),
  monthObjectives: inMonth('objectives', monthOf),
  monthObjectivesBefore: inMonth('objectives', monthBefore),
  monthAccuracy: inMonth('accuracy', monthOf),
  monthAccuracyBefore: inMonth('accuracy', monthBefore),
  monthCost: inMonth('cost', monthOf),
  monthCostBefore: inMonth('cost', monthBefore),
  monthFindings: inMonth('findings', monthOf),
  monthFindingsBefore: inMonth('findings', monthBefore),
  // to know which versions went out in the month for the first time
  monthReleases: inMonth('releases', (moment) => all(monthOf(moment))),
  monthDeliveries: inMonth('releases', monthOf),
  monthDeliveriesBefore: inMonth('releases', monthBefore),
  monthCoverage: inMonth('coverage', monthOf),
  monthCoverageBefore: inMonth('coverage', monthBefore),
};

/** The fields that an answer must have, by the last part of its address. */
export const FIELDS: Readonly<Record<string, readonly string[]>> = {
  latency: fields<FleetLatency>('stepMs', 'total', 'versions', 'segments', 'dayBefore'),
  spread: fields<FleetSpread>('stepMs', 'targets', 'boundsMs', 'steps'),
  parts: fields<FleetParts>('beforeMs', 'failed', 'time'),
  speed: fields<FleetSpeed>('versions'),
  objectives: fields<FleetObjectives>('targets', 'days', 'success', 'latency'),
  service: fields<FleetService>('targets', 'versions'),
  drift: fields<FleetDrift>('versions'),
  accuracy: fields<FleetAccuracy>('accuracyRatio', 'versions'),
  canary: fields<FleetCanary>('plans', 'rollouts'),
  silence: fields<FleetSilence>('hours', 'silentSinceMs', 'judgedFromMs'),
  findings: fields<FleetFindings>('lookedMs', 'unlooked', 'findings', 'verdicts'),
  releases: fields<FleetReleases>('deliveries', 'events', 'over'),
  faults: fields<FleetFaults>('quarantines', 'invalid', 'inputs', 'updates', 'shadow'),
  traces: fields<Asked['traces']>('traces'),
  cost: fields<FleetCost>('currency', 'total', 'versions'),
  coverage: fields<FleetCoverage>('devices', 'versions'),
};

function fields<Answer>(...names: (keyof Answer & string)[]): readonly string[] {
  return names;
}

/** A month changes slowly. */
function inMonth(path: string, over: (moment: Moment) => Stretch): Question {
  return { path, over, everySeconds: 300 };
}

/**
 * Returns the address of a question, and a key of its subject. The key of a range that moves on with time stays.
 * Undefined where there is nothing to ask.
 */
export function addressOf(
  { path, over, isFiltered, version }: Question,
  moment: Moment,
): { address: string; about: string } | undefined {
  const { model, state } = moment;
  const query = new URLSearchParams({ model });
  if (isFiltered) {
    const asked = version ? version(moment) : state.version;
    if (version && !asked) return undefined;
    if (asked) query.set('version', asked);
    const [dimension, value] = state.segment.split(':');
    if (dimension && value) query.set(dimension, value);
  }
  const { range } = state;
  const { key } = monthOf(moment);
  const about = `${path} ${query} ${'key' in range ? range.key : JSON.stringify(range)} ${key}`;
  if (over) {
    const { fromMs, toMs } = over(moment);
    query.set('from', String(Math.round(fromMs)));
    query.set('to', String(Math.round(toMs)));
  }
  return { address: `./v1/fleet/${path}?${query}`, about };
}
