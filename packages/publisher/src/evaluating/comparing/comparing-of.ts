import type { ModelSpec } from '@nearside/core';
import type { RegressionValue } from '@nearside/pipeline';
import { type Comparing, countRight, rightOrWrong } from './comparing.js';
import { comparingLabels } from './comparing-labels.js';
import { comparingMasks } from './comparing-masks.js';
import { comparingNumbers } from './comparing-numbers.js';
import { comparingObjects } from './comparing-objects.js';
import { comparingSound } from './comparing-sound.js';
import { comparingTensors } from './comparing-tensors.js';
import { comparingText } from './comparing-text.js';
import { comparingVectors } from './comparing-vectors.js';

/** @returns how a model's answers are compared */
export function comparingOf(spec: ModelSpec): Comparing {
  switch (spec.task) {
    case 'image-classification':
    case 'text-classification':
    case 'tabular-classification':
    case 'audio-classification':
      return comparingLabels(spec) as Comparing;
    case 'ocr':
      return comparingText as Comparing;
    case 'object-detection':
      return comparingObjects as Comparing;
    case 'voice-activity-detection':
      return comparingSound(spec) as Comparing;
    case 'image-segmentation':
      return comparingMasks(spec) as Comparing;
    case 'tabular-regression':
      return comparingNumbers((output) =>
        (output as RegressionValue[]).map(({ value }) => value),
      ) as Comparing;
    case 'feature-extraction':
      return comparingVectors as Comparing;
    case 'tensors':
      return comparingTensors(spec) as Comparing;
    default:
      return comparingOthers as Comparing;
  }
}

const isSameJson = (answer: string, expected: string) => answer === expected;

const comparingOthers: Comparing<string, string> = {
  ...rightOrWrong(isSameJson),
  answerOf: (output) => JSON.stringify(output),
  parseExpected: (value) => JSON.stringify(value),
  asExpected: (answer, given) => given ?? answer,
  measure(answered) {
    const { right, of } = countRight(answered, isSameJson);
    return { items: of, right };
  },
};
