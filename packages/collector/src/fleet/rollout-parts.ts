import { partOfKey } from '../counting/counts.js';
import type { CohortRow } from '../store/rollup-store.js';
import type { Sides } from './arm-measures.js';
import { devicesOnBusiestDay } from './cohort-rows.js';
import type { PartName } from './observed-bins.js';
import type { ModelContext } from './query.js';
import { type Guardrail, guardrailsOf, lowLevelOfPart } from './rollout-guardrails.js';
import { shownParts } from './shown-parts.js';

/** Devices of a class, or with a backend, on both sides of a rollout. */
export interface RolloutPart extends PartName {
  readonly sides: Sides;
  /** They are named after their measure and the part: `slow-runs-on-tablet`. */
  readonly guardrails: readonly Guardrail[];
}

interface Asked extends ModelContext {
  readonly version: string;
  /** Those of the whole fleet. */
  readonly guardrails: readonly Guardrail[];
}

/** Returns the parts of a rollout that have enough devices. A part that is the whole fleet says nothing of its own. */
export function rolloutParts(sides: Sides, asked: Asked): RolloutPart[] {
  return (['device', 'backend'] as const).flatMap((dimension) => {
    const values = valuesOf([...sides.canary, ...sides.control], dimension);
    if (values.length < 2) return [];
    const parts = values.map((value) => {
      const own = { canary: rowsOf(sides.canary), control: rowsOf(sides.control) };
      function rowsOf(rows: readonly CohortRow[]): CohortRow[] {
        return rowsOfPart(rows, { dimension, value });
      }
      return { dimension, value, sides: own, devices: devicesOfSmallerSide(own) };
    });
    const shown = shownParts(parts, {
      devicesOf: (list) => list.reduce((sum, { devices }) => sum + devices, 0),
      isNamed: ({ value }) => value !== '',
      minDevices: asked.minDevices,
    });
    return shown.map((part) => ({ ...part, guardrails: guardrailsOfPart(part, asked) }));
  });
}

function valuesOf(rows: readonly CohortRow[], dimension: PartName['dimension']): string[] {
  const keys = new Set(rows.flatMap(({ counts }) => Object.keys(counts.parts ?? {})));
  return [...new Set([...keys].map((key) => partOfKey(key)[dimension]))];
}

function rowsOfPart(rows: readonly CohortRow[], { dimension, value }: PartName): CohortRow[] {
  return rows.flatMap((row) =>
    Object.entries(row.counts.parts ?? {})
      .filter(([key]) => partOfKey(key)[dimension] === value)
      .map(([key, counts]) => ({ ...row, counts: { ...counts, parts: { [key]: counts } } })),
  );
}

function devicesOfSmallerSide({ canary, control }: Sides): number {
  return Math.min(devicesOnBusiestDay(canary), devicesOnBusiestDay(control));
}

function guardrailsOfPart(
  { value, sides }: Pick<RolloutPart, 'value' | 'sides'>,
  { guardrails, ...asked }: Asked,
): Guardrail[] {
  const level = guardrails[0]?.level ?? 0;
  return guardrailsOf(sides, asked)
    .filter(({ isJudged }) => isJudged)
    .map((guardrail) => ({
      ...guardrail,
      measure: { ...guardrail.measure, name: `${guardrail.measure.name}-on-${value}` },
      level,
      lowLevel: lowLevelOfPart(level),
    }));
}
