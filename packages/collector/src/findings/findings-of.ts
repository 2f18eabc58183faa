import type { FleetAccuracy } from '../fleet/accuracy.js';
import type { FleetCanary, RolloutFigures } from '../fleet/canary.js';
import type { FleetDrift } from '../fleet/drift.js';
import type { DriftSegment } from '../fleet/drift-segments.js';
import { firstOffer } from '../fleet/first-offer.js';
import type { FleetObjectives, ObjectiveDay } from '../fleet/objectives.js';
import type { PartName } from '../fleet/observed-bins.js';
import type { ChangeByPart, FleetPart, FleetParts } from '../fleet/parts.js';
import type { FleetReleases } from '../fleet/releases.js';
import type { FleetService, VersionService } from '../fleet/service.js';
import type { FleetSilence } from '../fleet/silence.js';
import { WITHIN_P95 } from '../fleet/target-bound.js';
import { type Figure, isThin, isUnder } from '../statistics/figure.js';

/** Answers about one model. One that is left out is not known, and raises no finding. */
export interface HealthAnswers {
  readonly silence?: FleetSilence | undefined;
  readonly canary?: FleetCanary | undefined;
  readonly service?: FleetService | undefined;
  readonly drift?: FleetDrift | undefined;
  readonly accuracy?: FleetAccuracy | undefined;
  /** Tells since which day a target is missed. */
  readonly objectives?: FleetObjectives | undefined;
  /** Tells which part of the fleet carries a change. */
  readonly parts?: FleetParts | undefined;
  /** Tells when a rollout began. */
  readonly releases?: FleetReleases | undefined;
}

/** Something that somebody should look at: where it is, and its figures. */
export type Finding =
  | SilenceFinding
  | RolloutFinding
  | SuccessFinding
  | LatencyFinding
  | DriftFinding
  | BaselineFinding
  | ConceptFinding
  | AccuracyFinding;

/** Far fewer devices report than usual. */
export interface SilenceFinding {
  readonly id: 'silence';
  readonly sinceMs: number;
  /** It goes back to the first hour that was asked for, so it may have begun before. */
  readonly isOlder: boolean;
}

/** A canary is worse than its control, and should be rolled back. */
export interface RolloutFinding {
  readonly id: 'rollout';
  readonly version: string;
  readonly experiment: string;
  /** Time of its release, else of its first report. */
  readonly beganMs: number;
  /** Devices with it, on the busiest UTC day. */
  readonly devices: number;
  /** The measures that say so. */
  readonly measures: readonly { readonly name: string; readonly difference: Figure | null }[];
}

/** A figure of the fleet that is blamed. */
interface Blame {
  /** It would not be said without four of the 64 groups of devices: those with most of it. */
  readonly isByFew: boolean;
}

/** A version fails more often than its target allows. */
export interface SuccessFinding extends Blame {
  readonly id: 'success';
  readonly version: string;
  readonly success: Figure;
  readonly target: number;
  /** Start of the first UTC day of the misses that last until now. */
  readonly sinceMs: number | null;
  readonly part: Carrier;
}

/** The part of the fleet that carries most of it. Null where none does, and undefined where that is not known. */
type Carrier = FleetPart | null | undefined;

/** A version takes longer than its target allows. */
export interface LatencyFinding extends Blame {
  readonly id: 'latency';
  readonly version: string;
  readonly p95Ms: Figure;
  readonly withinTarget: Figure;
  readonly targetMs: number;
  readonly sinceMs: number | null;
  readonly part: Carrier;
}

/** A distribution of inputs or outputs has changed. */
export interface DriftFinding extends Blame {
  readonly id: 'drift';
  readonly version: string;
  readonly distribution: string;
  readonly sinceMs: number;
  /** Length of the windows that were compared. */
  readonly windowMs: number | undefined;
  /** The part of the fleet that carries most of the change, where one does. */
  readonly segment: DriftSegment | null;
  /** The whole fleet has not changed enough to alarm, but these devices have. */
  readonly part: PartName | null;
}

/** A distribution of inputs or outputs is far from that of the lab's data, by which the version was judged. */
export interface BaselineFinding extends Blame {
  readonly id: 'baseline';
  readonly version: string;
  readonly distribution: string;
  readonly sinceMs: number;
  /** Length of the windows that were compared. */
  readonly windowMs: number | undefined;
}

/** A version is right less often than its confidence says. */
export interface ConceptFinding extends Blame {
  readonly id: 'concept';
  readonly version: string;
  /** Start of the days whose labelled runs say so. */
  readonly sinceMs: number;
  /** Share of labelled runs, 0 … 1. */
  readonly deficit: number;
}

/** A version is right less often in the field than its target allows. */
export interface AccuracyFinding extends Blame {
  readonly id: 'accuracy';
  readonly version: string;
  /** Start of the days whose labelled runs say so. */
  readonly sinceMs: number;
  readonly labelled: Figure;
  readonly offline: Figure;
  /** labelled ÷ offline. */
  readonly ratio: Figure;
  readonly target: number;
}

/** A part carries a change when its share of the change is above its share of the runs by so much. */
const CLEARLY = 0.1;
/** A smaller share of the figure before is no change that has a cause. */
const LEAST_CHANGE = 0.05;

/** Lists what is wrong with a model, the most urgent first. The same answers always give the same findings. */
export function findingsOf(answers: HealthAnswers): Finding[] {
  return [
    ...silences(answers),
    ...rollouts(answers),
    ...services(answers),
    ...drifts(answers),
    ...farFromBaselines(answers),
    ...concepts(answers),
    ...inaccuracies(answers),
  ];
}

function silences({ silence }: HealthAnswers): SilenceFinding[] {
  const sinceMs = silence?.silentSinceMs ?? null;
  const isOlder = silence?.hours[0]?.atMs === sinceMs;
  return sinceMs === null ? [] : [{ id: 'silence', sinceMs, isOlder }];
}

function rollouts(answers: HealthAnswers): RolloutFinding[] {
  const releases = answers.releases?.events ?? [];
  return rollBacks(answers).map((rollout) => {
    const { version, experiment, verdict, guardrails, parts } = rollout;
    const because = verdict.verdict === 'roll-back' ? verdict.because : [];
    return {
      id: 'rollout',
      version,
      experiment,
      beganMs: firstOffer(releases, version)?.atMs ?? rollout.sinceMs,
      devices: rollout.devices.canary,
      measures: because.map((name) => ({
        name,
        difference: [...guardrails, ...parts].find((one) => one.name === name)?.difference ?? null,
      })),
    };
  });
}

function rollBacks({ canary }: HealthAnswers): RolloutFigures[] {
  const found = canary?.rollouts ?? [];
  return found.filter(({ isOver, verdict }) => !isOver && verdict.verdict === 'roll-back');
}

function services(answers: HealthAnswers): (SuccessFinding | LatencyFinding)[] {
  const { service } = answers;
  if (!service) return [];
  const most = Math.max(...service.versions.map(({ success }) => success.n));
  return actionable(service, answers).flatMap((version) => {
    // most runs are of this version, so the parts of the whole fleet are its own
    const parts = version.success.n === most ? answers.parts : undefined;
    return [
      ...failing(version, service, { ...answers, parts }),
      ...slow(version, service, { ...answers, parts }),
    ];
  });
}

/**
 * Versions with runs enough, and without a due roll-back that says it all. One that was taken back is among them for as long
 * as enough devices run it: it still fails for them.
 */
function actionable({ versions }: FleetService, answers: HealthAnswers): VersionService[] {
  const without = new Set(rollBacks(answers).map(({ version }) => version));
  return versions.filter(({ version, success }) => !isThin(success) && !without.has(version));
}

function failing(
  { version, success, madeByFew }: VersionService,
  { targets }: FleetService,
  { objectives, parts }: HealthAnswers,
): SuccessFinding[] {
  const target = targets.successRate;
  if (!isUnder(success, target)) return [];
  const sinceMs = missedSinceMs(objectives, (day, { success }) => day.successRate < success.target);
  const part = carrierOf(parts?.failed);
  const isByFew = madeByFew.success;
  return [{ id: 'success', version, success, target, sinceMs, part, isByFew }];
}

function slow(
  { version, withinTarget, p95Ms, madeByFew }: VersionService,
  { targets }: FleetService,
  { objectives, parts }: HealthAnswers,
): LatencyFinding[] {
  if (!isUnder(withinTarget, WITHIN_P95)) return [];
  const isMissed = (day: ObjectiveDay, { latency }: FleetObjectives) =>
    (day.withinTarget ?? 1) < latency.target;
  return [
    {
      id: 'latency',
      version,
      p95Ms,
      withinTarget,
      targetMs: targets.p95Ms,
      sinceMs: missedSinceMs(objectives, isMissed),
      part: carrierOf(parts?.time),
      isByFew: madeByFew.latency,
    },
  ];
}

/** Start of the first of the last days in a row on which an objective was missed. */
function missedSinceMs(
  objectives: FleetObjectives | undefined,
  isMissed: (day: ObjectiveDay, objectives: FleetObjectives) => boolean,
): number | null {
  if (!objectives) return null;
  const { days } = objectives;
  return days[days.findLastIndex((day) => !isMissed(day, objectives)) + 1]?.atMs ?? null;
}

/**
 * Finds the part that carries more than its share of the runs: of the rise since the period before, or of all where
 * nothing has risen. A version is named already.
 */
function carrierOf(change: ChangeByPart | undefined): Carrier {
  if (!change?.now) return undefined;
  const { now } = change;
  const isRise = becameWorse(change);
  const carriers = change.parts
    .filter((part) => part.dimension !== 'version' && (!isRise || isWorse(part)))
    .map((part) => (isRise ? part : { ...part, share: ((part.now ?? 0) * part.weight) / now }))
    .filter(carriesMore)
    .sort((a, b) => b.share - b.weight - (a.share - a.weight));
  return carriers[0] ?? null;
}

/** Failures and times are better when they are lower. */
export function becameWorse({ now, before }: Pick<ChangeByPart, 'now' | 'before'>): boolean {
  return now !== null && before !== null && now > before && isChange({ now, before });
}

/** A part that did not run before has become worse. */
export function isWorse({ now, before }: Pick<FleetPart, 'now' | 'before'>): boolean {
  return (now ?? 0) > (before ?? 0);
}

export function isChange({ now, before }: { now: number; before: number }): boolean {
  return Math.abs(now - before) > LEAST_CHANGE * before;
}

/** Such a part explains a change. */
export function carriesMore({ share, weight }: { share: number; weight: number }): boolean {
  return share > weight + CLEARLY;
}

function drifts({ drift }: HealthAnswers): DriftFinding[] {
  return (drift?.versions ?? []).flatMap(({ version, windowMs, distributions }) =>
    distributions.flatMap(({ name, alarmSinceMs, isByFew, segments, parts }): DriftFinding[] => {
      const found = { id: 'drift', version, distribution: name, windowMs } as const;
      if (alarmSinceMs !== null) {
        const segment = segments.find(carriesMore) ?? null;
        return [{ ...found, sinceMs: alarmSinceMs, segment, part: null, isByFew }];
      }
      const alarm = parts.find((part) => part.alarmSinceMs !== null);
      if (!alarm || alarm.alarmSinceMs === null) return [];
      const { dimension, value, alarmSinceMs: sinceMs } = alarm;
      const part = { dimension, value };
      return [{ ...found, sinceMs, segment: null, part, isByFew: alarm.isByFew }];
    }),
  );
}

function farFromBaselines({ drift }: HealthAnswers): BaselineFinding[] {
  return (drift?.versions ?? []).flatMap(({ version, windowMs, distributions }) =>
    distributions.flatMap(({ name, farFromLabSinceMs: sinceMs, isFarByFew: isByFew }) =>
      sinceMs === null
        ? []
        : [{ id: 'baseline', version, distribution: name, sinceMs, windowMs, isByFew } as const],
    ),
  );
}

function concepts({ accuracy }: HealthAnswers): ConceptFinding[] {
  if (!accuracy) return [];
  return accuracy.versions.flatMap(({ version, concept }): ConceptFinding[] => {
    if (!concept?.isAlarm) return [];
    const { deficit, isByFew } = concept;
    return [{ id: 'concept', version, sinceMs: accuracy.fromMs, deficit, isByFew }];
  });
}

function inaccuracies({ accuracy }: HealthAnswers): AccuracyFinding[] {
  if (!accuracy) return [];
  const { fromMs: sinceMs, accuracyRatio: target } = accuracy;
  return accuracy.versions
    .filter(({ liveToOffline }) => !isThin(liveToOffline) && isUnder(liveToOffline, target))
    .map(({ version, labelled, offline, liveToOffline: ratio, isMissByFew: isByFew }) => {
      return { id: 'accuracy', version, sinceMs, labelled, offline, ratio, target, isByFew };
    });
}
