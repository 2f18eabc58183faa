import { describe, type ModelSpec, type NamedStep, stagesOf } from '@nearside/core';
import type { LabelScore } from '@nearside/pipeline';
import { itemInvalid } from '../item-error.js';
import {
  type Answered,
  type Comparing,
  countRight,
  type Measures,
  rightOrWrong,
} from './comparing.js';

/** The step after the model that names its classes. */
function namingStep(spec: ModelSpec): NamedStep | undefined {
  return stagesOf(spec)
    .at(-1)
    ?.postprocessing.find((step) => 'id2label' in step);
}

/** Compares a classifier's first label. */
export function comparingLabels(spec: ModelSpec): Comparing<string, string> {
  const step = namingStep(spec);
  const id2label = (step?.id2label ?? {}) as Readonly<Record<string, string>>;
  const labels = Object.values(id2label);
  const positive = labels.length === 2 ? id2label[`${step?.positive ?? 1}`] : undefined;
  const isRight = (answer: string, expected: string) => answer === expected;
  return {
    ...rightOrWrong(isRight),
    answerOf: (output) => (output as readonly LabelScore[])[0]?.label ?? '',
    parseExpected(value, item) {
      const label = typeof value === 'number' ? String(value) : value;
      if (typeof label === 'string' && (labels.length === 0 || labels.includes(label))) {
        return label;
      }
      const known = labels.slice(0, MOST_LABELS).join(', ');
      const more = labels.length > MOST_LABELS ? ', …' : '';
      throw itemInvalid(item, `a label of the model (${known}${more})`, describe(value));
    },
    asExpected: (answer, given) => given ?? answer,
    labelOf: (expected) => expected,
    measure(answered) {
      const { right, of } = countRight(answered, isRight);
      const measures = { items: of, right, confusion: confusionOf(answered) };
      if (positive === undefined) return measures;
      const of2 = (isPositive: boolean) =>
        countRight(
          answered.filter(({ expected }) => (expected === positive) === isPositive),
          isRight,
        );
      return { ...measures, positive, sensitivity: of2(true), specificity: of2(false) };
    },
  };
}

function confusionOf(answered: readonly Answered<string, string>[]): Measures['confusion'] {
  const confusion = new Map<string, Map<string, number>>(); // a label may be called `constructor`
  for (const { answer, expected } of [...answered].sort(byText)) {
    const row = confusion.get(expected) ?? new Map<string, number>();
    confusion.set(expected, row.set(answer, (row.get(answer) ?? 0) + 1));
  }
  return Object.fromEntries([...confusion].map(([label, row]) => [label, Object.fromEntries(row)]));
}

/** Labels that a message names. */
const MOST_LABELS = 12;

function byText(a: Answered<string, string>, b: Answered<string, string>): number {
  const [one, other] = [a, b].map(({ expected, answer }) => `${expected}\n${answer}`);
  return (one as string) < (other as string) ? -1 : 1;
}
