import * as v from 'valibot';

/** The two sides of a rollout are compared by these, and by the outcomes that an app declares. */
export const GUARDRAILS = [
  'failed-runs',
  'failed-devices',
  'failed-starts',
  'slow-runs',
  'unsure-runs',
  'missing-devices',
] as const;

/** 100 %, in hundredths of a percentage point. */
const MOST_BPS = 10_000;
const MARGIN = `hundredths of a point: a whole number from 0 to ${MOST_BPS}`;

/** How much worse a version may be, by the name of the margin. Signed with the version, judged by the collector. */
export const HealthSchema = v.record(
  v.string(),
  v.pipe(
    v.number(MARGIN),
    v.safeInteger(MARGIN),
    v.minValue(0, MARGIN),
    v.maxValue(MOST_BPS, MARGIN),
  ),
);

/** @param guardrail one of `GUARDRAILS`, or `outcome-<name>` */
export function marginName(guardrail: string): string {
  return `${guardrail}-bps`;
}

/** @returns the outcome that a margin is about; undefined for a margin about none */
export function outcomeOfMargin(name: string): string | undefined {
  return /^outcome-(.+)-bps$/su.exec(name)?.[1];
}
