import {
  GUARDRAILS,
  HealthSchema,
  type ModelSpec,
  marginName,
  outcomeOfMargin,
  parse,
  REPORT_LIMITS,
} from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';

/** Length limit of names in reports. */
const LONGEST_OUTCOME = 64;

/**
 * Requires that the collector compares what each margin is about. A margin that nobody looks at protects nobody.
 *
 * @throws NearsideError `model-invalid`
 */
export function checkHealth({ health = {} }: Pick<ModelSpec, 'health'>): void {
  const what = 'model.json, health';
  const names = Object.keys(parse(HealthSchema, health, { code: 'model-invalid', what }));
  const known = GUARDRAILS.map(marginName);
  const outcomes = names.filter(isOfOutcome);
  const unknown = names.find((name) => !known.includes(name) && !isOfOutcome(name));
  if (unknown !== undefined) {
    throw wrong(`${known.join(', ')} or ${marginName('outcome-<name>')}`, `'${unknown}'`);
  }
  if (outcomes.length > REPORT_LIMITS.outcomes) {
    const expected = `margins for at most ${REPORT_LIMITS.outcomes} outcomes, as many as are counted`;
    throw wrong(expected, String(outcomes.length));
  }
}

function isOfOutcome(name: string): boolean {
  const outcome = outcomeOfMargin(name);
  return outcome !== undefined && outcome.length <= LONGEST_OUTCOME;
}

function wrong(expected: string, got: string) {
  const message = `model.json, health: expected ${expected}, got ${got}.`;
  return modelInvalid(message, { path: 'health', expected, got });
}
