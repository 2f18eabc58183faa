import type { ModelSpec } from '@nearside/core';
import type { RegressionValue } from '@nearside/pipeline';
import { labelAnswers } from './label-answers.js';
import { numberAnswers } from './number-answers.js';
import { soundAnswers } from './sound-answers.js';
import { countRight, rightOrWrong, type TaskAnswers } from './task-answers.js';
import { tensorAnswers } from './tensor-answers.js';
import { textAnswers } from './text-answers.js';

/** @returns how a model's answers are compared */
export function answersOf(spec: ModelSpec): TaskAnswers {
  switch (spec.task) {
    case 'image-classification':
    case 'text-classification':
    case 'tabular-classification':
    case 'audio-classification':
      return labelAnswers(spec) as TaskAnswers;
    case 'ocr':
      return textAnswers as TaskAnswers;
    case 'voice-activity-detection':
      return soundAnswers(spec) as TaskAnswers;
    case 'tabular-regression':
      return numberAnswers((output) =>
        (output as RegressionValue[]).map(({ value }) => value),
      ) as TaskAnswers;
    case 'tensors':
      return tensorAnswers(spec) as TaskAnswers;
    default:
      return otherAnswers as TaskAnswers;
  }
}

const isSameJson = (answer: string, expected: string) => answer === expected;

const otherAnswers: TaskAnswers<string, string> = {
  ...rightOrWrong(isSameJson),
  answerOf: (output) => JSON.stringify(output),
  parseExpected: (value) => JSON.stringify(value),
  asExpected: (answer) => answer,
  measure(answered) {
    const { right, of } = countRight(answered, isSameJson);
    return { items: of, right };
  },
};
