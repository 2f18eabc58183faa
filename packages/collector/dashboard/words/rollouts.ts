import type {
  FleetCanary,
  GuardrailFigures,
  RolloutFigures,
  RolloutHold,
} from '../../src/fleet/canary.js';
import type { FleetFindings, WrittenVerdict } from '../../src/fleet/findings.js';
import type { ReleaseEvent } from '../../src/fleet/releases.js';
import type { Standing } from '../charts/margin-bar.js';
import { measureName } from './findings.js';
import { formatCompact, formatList, formatMoment, formatPoints } from './format.js';

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
  const { difference, margin, cohorts = 0 } = measured;
  const { value, low, high } = difference;
  if (value === null) {
    return [
      'not compared',
      cohorts < minCohorts ? few(cohorts, minCohorts) : 'the sides are not alike',
    ];
  }
  const tolerated = `tolerated ${Number(bare(margin))}`;
  const figures = `${formatPoints(value)} (${bare(low)} to ${bare(high)}, ${tolerated})`;
  return [STANDING[standingOf(measured)], figures];
}

/** "since 8 Mar, 00:00, on 169 devices beside 203 of the control" */
export function sidesWords({ devices }: RolloutFigures, beganMs: number): string {
  const [canary, control] = [devices.canary, devices.control].map(formatCompact);
  return `since ${formatMoment(beganMs)}, on ${canary} devices beside ${control} of the control`;
}

/** Says what to do, and why. */
export function verdictWords(rollout: RolloutFigures, fewest: Fewest): string {
  const { verdict, devices } = rollout;
  switch (verdict.verdict) {
    case 'roll-back':
      return `Roll it back. Worse than tolerated: ${worseWords(rollout, verdict.because, fewest)}.`;
    case 'promote':
      return 'Promote it: no measure is worse than tolerated.';
    case 'hold':
      return `Hold: ${holdWords(verdict, rollout, fewest)}.`;
    case 'none': {
      const least = formatCompact(Math.min(devices.canary, devices.control));
      return verdict.because === 'no-control'
        ? 'No verdict: no device of the control has reported. Wait, or roll out to fewer devices.'
        : `No verdict: ${least} devices on one side, ${fewest.minDevices} are needed on each.`;
    }
  }
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

/** " The verdict is of 9 Mar, 04:10." Empty where another one was written down last. */
export function knownWords(
  { verdict }: RolloutFigures,
  written: WrittenVerdict | undefined,
): string {
  return written?.verdict === verdict.verdict
    ? ` The verdict is of ${formatMoment(written.atMs)}.`
    : '';
}

/** "was taken back on 11 Mar, 00:00; its last verdict: roll back, of 9 Mar, 04:10" */
export function overWords(
  { verdict }: RolloutFigures,
  end: ReleaseEvent | undefined,
  written: WrittenVerdict | undefined,
): string {
  const of = written ? `, of ${formatMoment(written.atMs)}` : '';
  const said = (written?.verdict ?? verdict.verdict).replace('-', ' ') + of;
  if (end?.state === 'revoked') {
    return `was taken back on ${formatMoment(end.atMs)}; its last verdict: ${said}`;
  }
  const how = end?.state === 'stable' ? 'went to all devices' : 'is over';
  return `${how}; its last verdict as a canary: ${said}`;
}

/** "failed runs +6.9 points (1.4 to 11.4, tolerated 0.5), failed starts" */
function worseWords(rollout: RolloutFigures, because: readonly string[], fewest: Fewest): string {
  return measuresOf(rollout)
    .filter(({ name }) => because.includes(name))
    .map((one, i) => measureName(one.name) + (i > 0 ? '' : ` ${measureWords(one, fewest)[1]}`))
    .join(', ');
}

function holdWords(
  { because, times, hours }: RolloutHold,
  { guardrails }: RolloutFigures,
  { minCohorts }: Fewest,
): string {
  const small = guardrails.find(
    ({ name, cohorts }) => because.includes(name) && cohorts < minCohorts,
  );
  const names = because.length > 2 ? [`${because.length} measures`] : because.map(measureName);
  const unsure = `not sure yet of ${formatList(names)}`;
  if (hours !== null) return `${unsure}; about ${lengthWords(hours)} more at today’s rate`;
  if (times !== null) {
    return `${unsure}; more than a year at today’s rate. A larger share of devices would be faster`;
  }
  if (because.includes('unknown-version')) return 'this collector does not know its signed release';
  return small
    ? `${few(small.cohorts, minCohorts)} for ${measureName(small.name)}`
    : `${unsure}; how long it takes is not known`;
}

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
