import type { FleetCanary, GuardrailFigures, RolloutFigures } from '../../src/fleet/canary.js';
import { type FleetFindings, verdictName, type WrittenVerdict } from '../../src/fleet/findings.js';
import type { RolloutHold } from '../../src/fleet/rollout-verdict.js';
import type { Standing } from '../charts/margin-bar.js';
import { measureName } from './findings.js';
import {
  formatCompact,
  formatCount,
  formatList,
  formatMoment,
  formatPart,
  formatPoints,
  formatShare,
  formatVersion,
} from './format.js';

/** There is no verdict with fewer. */
type Fewest = Pick<FleetCanary, 'minDevices' | 'minCohorts'>;

/** A measure of the whole rollout, or of a part of its devices, which says less. */
export type Measured = Pick<GuardrailFigures, 'name' | 'margin' | 'difference'> &
  Partial<GuardrailFigures>;

/** Returns the measures of the whole rollout, and those by which a part of its devices is worse. */
export function measuresOf({ guardrails, parts }: RolloutFigures): readonly Measured[] {
  return [...guardrails, ...parts];
}

export function standingOf({ margin, difference, isJudged = true }: Measured): Standing {
  const { value, low, high } = difference;
  if (!isJudged) return 'alone';
  if (low !== null && low > 0 && (value ?? 0) > margin) return 'worse';
  return high !== null && high < margin ? 'within' : 'unsure';
}

const STANDING = {
  worse: 'worse than tolerated',
  within: 'within what is tolerated',
  unsure: 'not sure yet',
  alone: 'shown alone',
} as const;

/** "worse than tolerated", and "+6.9 points (1.4 to 11.4, tolerated 0.5)" */
export function measureWords(measured: Measured, { minCohorts }: Fewest): [string, string] {
  const { difference, margin, better, cohorts = 0 } = measured;
  const { value, low, high } = difference;
  if (value === null) {
    return [
      'not compared',
      cohorts < minCohorts ? few(cohorts, minCohorts) : 'the sides are not alike',
    ];
  }
  const tolerated = `tolerated ${Number(bare(margin))}`;
  const figures = `${formatPoints(value)} (${bare(low)} to ${bare(high)}, ${tolerated})`;
  return [better ? BETTER[better] : STANDING[standingOf(measured)], figures];
}

const BETTER = { canary: 'better than the control', control: 'the control is better' } as const;

/** "since 8 Mar, 00:00, on 169 devices beside 203 of the control" */
export function sidesWords({ devices }: RolloutFigures, beganMs: number): string {
  const [canary, control] = [devices.canary, devices.control].map(formatCompact);
  return `since ${formatMoment(beganMs)}, on ${canary} devices beside ${control} of the control`;
}

/** Says which versions served on each side, and how many updates to the canary devices undid by themselves. */
export function ranWords({ ranAs, undone }: RolloutFigures): string {
  const sides = [
    ['The canary', ranAs.canary],
    ['the control', ranAs.control],
  ] as const;
  const ran = sides.flatMap(([side, versions]) => {
    const all = versions.reduce((sum, { runs }) => sum + runs, 0);
    const names = versions
      .filter(({ runs }) => runs > 0)
      .map(({ version, runs }) => `${formatPart(runs / all)} on ${formatVersion(version)}`);
    return names.length > 0 ? [`${side} ran ${formatList(names)}`] : [];
  });
  const { n, of } = undone;
  const words = `Devices undid ${formatCount(n)} of ${formatCount(of)} updates by themselves`;
  return [...(ran.length > 0 ? [ran.join(', ')] : []), ...(of > 0 ? [words] : [])]
    .map((sentence) => `${sentence}.`)
    .join(' ');
}

/** What to do with a rollout in a word or two, by the name of its verdict. */
export const TO_DO: Readonly<Record<string, string>> = {
  'roll-back': 'roll back',
  promote: 'promote',
  step: 'may widen',
  hold: 'hold',
  none: 'none yet',
};

/** Says why a verdict is what it is, in a few words. Empty where it needs no reason. */
export function reasonWords(rollout: RolloutFigures, fewest: Fewest): string {
  const { verdict, devices } = rollout;
  switch (verdict.verdict) {
    case 'roll-back':
      return formatList(verdict.because.slice(0, MOST_NAMED).map(measureName));
    case 'promote':
      return '';
    case 'hold':
      return holdReason(verdict, rollout, fewest);
    case 'none':
      return verdict.because === 'no-control'
        ? 'no device of the control has reported: wait, or roll out to fewer devices'
        : `${haveReported(devices.control, 'control')}, ${fewest.minDevices} are needed`;
  }
}

function haveReported(devices: number, side: 'canary' | 'control'): string {
  const [noun, verb] = devices === 1 ? ['device', 'has'] : ['devices', 'have'];
  return `${formatCompact(devices)} ${noun} of the ${side} ${verb} reported`;
}

/** A table names so many measures. */
const MOST_NAMED = 2;

/** Says what to do, and why. */
export function verdictWords(rollout: RolloutFigures, fewest: Fewest): string {
  const { verdict } = rollout;
  const reason = reasonWords(rollout, fewest);
  switch (verdict.verdict) {
    case 'roll-back':
      return `Roll it back. Worse than tolerated: ${worseWords(rollout, verdict.because, fewest)}.`;
    case 'promote':
      return 'Promote it: no measure is worse than tolerated.';
    case 'hold': {
      const length = timeNeeded(rollout);
      const more = length && `; ${length} more at the rate so far`;
      const what = rollout.mayStep ? 'It may go to more devices, but not to all' : 'Hold';
      return `${what}: ${reason}${more}.`;
    }
    case 'none':
      return `No verdict: ${reason}.`;
  }
}

/** "about 3 days", "over a year". Empty where it is not known, or nothing is waited for. */
export function timeNeeded({ verdict, isOver }: RolloutFigures): string {
  if (verdict.verdict !== 'hold' || isOver) return '';
  const { hours, times } = verdict;
  if (hours !== null) return `about ${lengthWords(hours)}`;
  return times === null ? '' : 'over a year';
}

/** "At the last week’s rate a verdict on a version that is no worse takes about 3 days at 5% of devices, 24 hours at 25% and more." */
export function plansWords({ plans }: FleetCanary): string {
  const known = plans.flatMap(({ share, hours }) =>
    hours === null ? [] : [{ share: formatShare(share), length: lengthWords(hours) }],
  );
  // most larger shares need a whole day, and nothing is promoted before
  const enough = known.findIndex(({ length }) => length === known.at(-1)?.length);
  const said = known.slice(0, enough + 1).map(({ share, length }, i) => {
    const more = i === enough && i < known.length - 1 ? ' and more' : '';
    return `${length} at ${share}${i === 0 ? ' of devices' : ''}${more}`;
  });
  if (said.length === 0) return '';
  return `At the last week’s rate a verdict on a version that is no worse takes about ${said.join(', ')}.`;
}

/** Returns the last verdict that was written down while a rollout ran. */
export function lastVerdict(
  written: FleetFindings | undefined,
  { version, experiment }: RolloutFigures,
): WrittenVerdict | undefined {
  return written?.verdicts.findLast(
    (one) => one.version === version && one.experiment === experiment && one.verdict !== 'over',
  );
}

/** "The verdict is of 9 Mar, 04:10." Empty where another one was written down last. */
export function knownWords(rollout: RolloutFigures, written: WrittenVerdict | undefined): string {
  return written?.verdict === verdictName(rollout)
    ? `The verdict is of ${formatMoment(written.atMs)}.`
    : '';
}

/** "failed runs +6.9 points (1.4 to 11.4, tolerated 0.5), failed starts" */
function worseWords(rollout: RolloutFigures, because: readonly string[], fewest: Fewest): string {
  return measuresOf(rollout)
    .filter(({ name }) => because.includes(name))
    .map((one, i) => measureName(one.name) + (i > 0 ? '' : ` ${measureWords(one, fewest)[1]}`))
    .join(', ');
}

function holdReason(
  { because, hours }: RolloutHold,
  { guardrails, devices }: RolloutFigures,
  { minDevices, minCohorts }: Fewest,
): string {
  const [first = ''] = because;
  if (HOLDS[first]) return HOLDS[first];
  if (first === 'few-cohorts')
    return `fewer than ${minCohorts} of 64 groups of devices are on both sides`;
  if (first === 'few-canary-devices')
    return `${haveReported(devices.canary, 'canary')}, ${minDevices} are needed`;
  const small = guardrails.find(
    ({ name, cohorts }) => because.includes(name) && cohorts < minCohorts,
  );
  // a roll-back waits for no other measure
  if (small && hours === null)
    return `${few(small.cohorts, minCohorts)} for ${measureName(small.name)}`;
  const names =
    because.length > MOST_NAMED ? [`${because.length} measures`] : because.map(measureName);
  return `not sure yet of ${formatList(names)}`;
}

/** Reasons to hold that are no measure. */
const HOLDS: Readonly<Record<string, string>> = {
  'unknown-version': 'the collector’s facts do not name this version',
  'old-facts': 'the collector’s facts are older than this canary',
  'not-run': 'too few devices of the canary have run it',
  'one-day': 'it has not been out for a whole day',
};

function lengthWords(hours: number): string {
  return hours > 48 ? `${Math.round(hours / 24)} days` : `${Math.max(2, Math.ceil(hours))} hours`;
}

function few(cohorts: number, minCohorts: number): string {
  return `too few devices (${cohorts} of 64 groups on both sides, ${minCohorts} needed)`;
}

/** "1.4", without unit. Above 0 has no sign, as in all that is said to be worse. */
function bare(difference: number | null): string {
  return formatPoints(difference).replace(/^\+| points/g, '');
}
