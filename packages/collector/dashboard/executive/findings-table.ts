import { HOUR_MS } from '../../src/counting/time.js';
import type { Finding } from '../../src/findings/findings-of.js';
import type { FleetFindings } from '../../src/fleet/findings.js';
import { type Answers, answered } from '../asking/ask.js';
import type { Stretch } from '../state/page-state.js';
import { number, type Table, text } from '../table/table.js';
import { KINDS, writtenFindings } from '../words/findings.js';
import { formatCount, formatSpan } from '../words/format.js';
import { type Months, monthBeforeOf } from './months.js';

/** Findings of a kind that were open at some time of a month. */
export interface FoundInMonth {
  readonly kind: Finding['id'];
  readonly count: number;
  /** Time of the month with at least one of them, ms. */
  readonly lastedMs: number;
}

/** A shorter time without a look hides nothing that lasts. */
const LEAST_UNLOOKED_MS = HOUR_MS;

/** Time of a month in which nobody looked, so that nothing could be found, ms. */
export function unlookedIn(written: FleetFindings | undefined, month: Stretch): number {
  const { lookedMs = null, unlooked = [] } = written ?? {};
  const stretches = [...unlooked, { fromMs: lookedMs, toMs: Infinity }].map((one) => ({
    fromMs: Math.max(one.fromMs ?? -Infinity, month.fromMs),
    toMs: Math.min(one.toMs, month.toMs),
  }));
  const lengthMs = covered(stretches);
  return lengthMs < LEAST_UNLOOKED_MS ? 0 : lengthMs;
}

/** Without a look nothing is found. */
export function hasLooked(written: FleetFindings | undefined, month: Stretch): boolean {
  return unlookedIn(written, month) < month.toMs - month.fromMs;
}

/** Returns what was found in a month, by kind, the most urgent first. */
export function foundIn(written: FleetFindings | undefined, month: Stretch): FoundInMonth[] {
  const found = writtenFindings(written)
    .map(({ kind, beganMs, endedMs }) => ({
      kind,
      fromMs: Math.max(beganMs, month.fromMs),
      toMs: Math.min(endedMs ?? Infinity, month.toMs),
    }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
  return KINDS.flatMap((kind) => {
    const own = found.filter((one) => one.kind === kind);
    return own.length === 0 ? [] : [{ kind, count: own.length, lastedMs: covered(own) }];
  });
}

/** Time that is in at least one of the stretches, ms. */
export function covered(stretches: readonly Stretch[]): number {
  let [lengthMs, endMs] = [0, -Infinity];
  for (const { fromMs, toMs } of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
    lengthMs += Math.max(0, toMs - Math.max(fromMs, endMs));
    endMs = Math.max(endMs, toMs);
  }
  return lengthMs;
}

/** Tells what was found, and how long it lasted. */
export function findingsTable(answers: Answers, { now, before }: Months): Table {
  const written = answered(answers, 'monthFindings');
  const found = foundIn(written, now);
  const earlier = monthBeforeOf(answers)
    ? foundIn(answered(answers, 'monthFindingsBefore'), before)
    : undefined;
  const unlookedMs = unlookedIn(written, now);
  const without =
    unlookedMs > 0 && hasLooked(written, now)
      ? ` For ${formatSpan(unlookedMs)} of this month the collector did not look: what was wrong then is not known.`
      : '';
  const count = (value: number | null | undefined) => formatCount(value ?? 0);
  const span = (value: number | null | undefined) => formatSpan(value ?? 0);
  const cells = (of: FoundInMonth | undefined) => [
    number(of?.count ?? 0, count),
    number(of?.lastedMs ?? 0, span, { unit: 'ms' }),
  ];
  const kinds = KINDS.filter((kind) =>
    [...found, ...(earlier ?? [])].some((one) => one.kind === kind),
  );
  return {
    columns: [
      'Finding',
      'How many',
      'Time with one',
      ...(earlier ? ['Month before', 'Time with one, month before'] : []),
    ],
    rows: kinds.map((kind) => [
      text(KIND_NAMES[kind]),
      ...[found, ...(earlier ? [earlier] : [])].flatMap((list) =>
        cells(list.find((one) => one.kind === kind)),
      ),
    ]),
    none: hasLooked(written, now)
      ? `No finding was open in this month${without && ' when the collector looked'}.${without}`
      : 'The collector has not looked for findings in this month.',
    note: `A finding is something that was wrong with the model. Several of a kind at the same time count their time once.${without}`,
  };
}

export const KIND_NAMES: Readonly<Record<Finding['id'], string>> = {
  silence: 'silence',
  rollout: 'release worse than its control',
  success: 'success under its target',
  latency: 'latency over its target',
  accuracy: 'accuracy under its target',
  drift: 'drift',
  baseline: 'far from the baseline',
  concept: 'concept drift',
};
