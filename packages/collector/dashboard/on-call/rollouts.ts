import type { GuardrailFigures, PartFigures, RolloutFigures } from '../../src/fleet/canary.js';
import { type Answers, answered } from '../asking/ask.js';
import { tablePanel } from '../panel/panel.js';
import { type Cell, number, text } from '../table/table.js';
import { measureName } from '../words/findings.js';
import { formatCompact, formatMoment, formatPoints, formatShareOf } from '../words/format.js';

const WHY_NONE = {
  'no-control': 'no verdict: no install is on the control side',
  'too-few-devices': 'no verdict: too few devices on one side',
} as const;

const share = (value: number | null | undefined) => formatShareOf(value ?? null);

/** Shows each rollout beside its control, measure by measure. */
export const rolloutsPanel = tablePanel({
  id: 'rollouts',
  title: 'Rollouts',
  aside: 'against an equal control',
  isWide: true,
  needs: ['canary'],
  table: ({ canary }, { answers }) => ({
    columns: ['Measure', 'Canary', 'Control', 'Worse by', 'At least', 'At most', 'Tolerated'],
    rows: canary.rollouts.flatMap((rollout) => [
      [text(rolloutWords(rollout, beganMs(rollout, answers)), { tone: toneOf(rollout) })],
      ...rollout.guardrails.map(guardrailCells),
      ...rollout.parts.map(partCells),
    ]),
    none: 'No version is rolled out to a part of the devices.',
    note: 'The interval from “at least” to “at most” holds however often it is looked at.',
  }),
});

/** Returns the time of its release, else of its first report. */
function beganMs({ version, sinceMs }: RolloutFigures, answers: Answers): number {
  const events = answered(answers, 'releases')?.events ?? [];
  return events.find((event) => event.version === version)?.atMs ?? sinceMs;
}

function rolloutWords(rollout: RolloutFigures, sinceMs: number): string {
  const { version, devices, isOver } = rollout;
  const sizes = `${formatCompact(devices.canary)} and ${formatCompact(devices.control)} devices`;
  const over = isOver ? 'over; while it ran: ' : '';
  return `${version}: ${over}${verdictWords(rollout)} (since ${formatMoment(sinceMs)}, ${sizes})`;
}

function toneOf({ verdict, isOver }: RolloutFigures): 'alarm' | 'quiet' {
  return verdict.verdict === 'roll-back' && !isOver ? 'alarm' : 'quiet';
}

function verdictWords({ verdict }: RolloutFigures): string {
  switch (verdict.verdict) {
    case 'roll-back':
      return 'roll back';
    case 'promote':
      return 'promote';
    case 'hold':
      return verdict.times === null
        ? `hold, not sure yet of ${verdict.because.map(measureName).join(', ')}`
        : `hold, ${Math.ceil(verdict.times)} times as many devices are needed`;
    case 'none':
      return WHY_NONE[verdict.because];
  }
}

function guardrailCells(figures: GuardrailFigures): Cell[] {
  const { name, margin, canary, control, difference, isJudged } = figures;
  const isWorse = isJudged && (difference.low ?? 0) > 0 && (difference.value ?? 0) > margin;
  return [
    text(measureName(name), { ...(!isJudged && { aside: 'shown alone' }) }),
    number(canary, share),
    number(control, share),
    number(difference.value, formatPoints, { ...(isWorse && { tone: 'alarm' as const }) }),
    number(difference.low, formatPoints),
    number(difference.high, formatPoints),
    number(margin, formatPoints),
  ];
}

/** Shows how much worse the canary is on a part of the devices. The shares of a part are not answered. */
function partCells({ name, margin, difference }: PartFigures): Cell[] {
  return [
    text(measureName(name)),
    number(null, share),
    number(null, share),
    number(difference.value, formatPoints, { tone: 'alarm' }),
    number(difference.low, formatPoints),
    number(difference.high, formatPoints),
    number(margin, formatPoints),
  ];
}
