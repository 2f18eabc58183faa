import {
  describe,
  type ModelSpec,
  type NamedStep,
  numbersOf,
  stagesOf,
  sum,
  type Tensors,
} from '@nearside/core';
import type { FoundSound, LabelScore, RegressionValue, TextLine } from '@nearside/pipeline';
import { editDistance } from './edit-distance.js';
import { itemInvalid } from './item-error.js';

/** So many of so many. */
export interface Share {
  readonly right: number;
  readonly of: number;
}

/** How good answers are, of the items whose right answer is known. */
export interface Measures {
  readonly items: number;
  readonly right?: number;
  /** How often each label was answered, by the right one. */
  readonly confusion?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Of two labels, those of this one that were found; the others that were left alone. */
  readonly positive?: string;
  readonly sensitivity?: Share;
  readonly specificity?: Share;
  /** Lines of text that are right to the last character. */
  readonly lines?: Share;
  /** Characters less the edits that make an answer the right one. */
  readonly characters?: Share;
  /** Windows of sound on the right side of the threshold. */
  readonly windows?: Share;
  /** One for each value of a regression. */
  readonly meanAbsoluteErrors?: readonly number[];
}

/** An answer with the right one, where that is known. */
export interface Answered<Answer, Expected> {
  readonly answer: Answer;
  readonly expected: Expected;
}

/** What of a task's results is compared, and how. */
export interface TaskAnswers<Answer = unknown, Expected = unknown> {
  answerOf(output: unknown): Answer;
  /** @throws NearsideError `input-invalid`, naming the item, for an answer that the task cannot have */
  parseExpected(value: unknown, item: string): Expected;
  /** The answer of a reference, to be expected of others. */
  asExpected(answer: Answer): Expected;
  /** What an answer lacks, from 0; any number of a task whose answers are right or wrong is wrong. */
  errorOf(answer: Answer, expected: Expected): number;
  /** Errors that differ by no more are as good as each other. */
  marginOf(expected: readonly Expected[], maxLoss: number): number;
  measure(answered: readonly Answered<Answer, Expected>[]): Measures;
}

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

/** Answers are right or wrong, and one that is right is as good as another. */
function rightOrWrong<Answer, Expected>(isRight: (answer: Answer, expected: Expected) => boolean) {
  return {
    errorOf: (answer: Answer, expected: Expected) => (isRight(answer, expected) ? 0 : 1),
    marginOf: () => 0,
  };
}

function countRight<Answer, Expected>(
  answered: readonly Answered<Answer, Expected>[],
  isRight: (answer: Answer, expected: Expected) => boolean,
): Share {
  const right = answered.filter(({ answer, expected }) => isRight(answer, expected)).length;
  return { right, of: answered.length };
}

/** The step after the model that names its classes. */
function namingStep(spec: ModelSpec): NamedStep | undefined {
  return stagesOf(spec)
    .at(-1)
    ?.postprocessing.find((step) => 'id2label' in step);
}

function labelAnswers(spec: ModelSpec): TaskAnswers<string, string> {
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
      const known = labels.slice(0, MOST_LISTED).join(', ');
      const more = labels.length > MOST_LISTED ? ', …' : '';
      throw itemInvalid(item, `a label of the model (${known}${more})`, describe(value));
    },
    asExpected: (answer) => answer,
    measure(answered) {
      const confusion: Record<string, Record<string, number>> = {};
      for (const { answer, expected } of [...answered].sort(byText)) {
        const row = confusion[expected] ?? {};
        confusion[expected] = { ...row, [answer]: (row[answer] ?? 0) + 1 };
      }
      const { right, of } = countRight(answered, isRight);
      const measures = { items: of, right, confusion };
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

/** Labels that a message lists. */
const MOST_LISTED = 12;

function byText(a: Answered<string, string>, b: Answered<string, string>): number {
  const [one, other] = [a, b].map(({ expected, answer }) => `${expected}\n${answer}`);
  return (one as string) < (other as string) ? -1 : 1;
}

/** Lines, whose forms of a character and spaces are the same. */
function linesOf(text: string): string[] {
  return text
    .normalize('NFKC')
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}

const isSameText = (answer: readonly string[], expected: readonly string[]) =>
  answer.join(' ') === expected.join(' ');

const textAnswers: TaskAnswers<readonly string[], readonly string[]> = {
  ...rightOrWrong(isSameText),
  answerOf: (output) => (output as readonly TextLine[]).flatMap(({ text }) => linesOf(text)),
  parseExpected(value, item) {
    const lines = Array.isArray(value) ? value : [value];
    if (lines.every((line) => typeof line === 'string')) return linesOf(lines.join('\n'));
    throw itemInvalid(item, 'the text, or its lines', describe(value));
  },
  asExpected: (answer) => answer,
  measure(answered) {
    const lines = answered.map(({ answer, expected }) => {
      const left = [...answer];
      return expected.filter((line) => {
        const at = left.indexOf(line);
        if (at >= 0) left.splice(at, 1);
        return at >= 0;
      }).length;
    });
    const characters = answered.map(({ answer, expected }) => {
      const [given, wanted] = [answer.join(' '), expected.join(' ')];
      return { of: wanted.length, wrong: editDistance(given, wanted) };
    });
    const of = sum(characters.map((one) => one.of));
    return {
      items: answered.length,
      right: countRight(answered, isSameText).right,
      lines: { right: sum(lines), of: sum(answered.map(({ expected }) => expected.length)) },
      characters: { right: of - sum(characters.map(({ wrong }) => wrong)), of },
    };
  },
};

/** Windows of a recording: where each lies, and whether it is above the threshold. */
interface HeardSound {
  readonly found: boolean;
  readonly windows: readonly { fromMs: number; toMs: number; isSpeech: boolean }[];
}

type Span = readonly [fromMs: number, toMs: number];
type ExpectedSound =
  | { readonly found: boolean }
  | { readonly windows: readonly boolean[] }
  | { readonly spans: readonly Span[] };

const SPEECH = ['speech', 'voice'];
const NO_SPEECH = ['none', 'noise', 'silence', 'music'];

function soundAnswers(spec: ModelSpec): TaskAnswers<HeardSound, ExpectedSound> {
  const segments = stagesOf(spec)
    .at(-1)
    ?.postprocessing.find(({ step }) => step === 'segments');
  const threshold = (segments?.threshold as number | undefined) ?? 0.5;
  const isRight = (answer: HeardSound, expected: ExpectedSound) => {
    if ('found' in expected) return answer.found === expected.found;
    const { right, of } = rightWindows(answer, expected);
    return right === of;
  };
  return {
    ...rightOrWrong(isRight),
    answerOf(output) {
      const { windows, segments } = output as FoundSound;
      const heard = windows.map(({ fromMs, toMs, score }) => {
        return { fromMs, toMs, isSpeech: score >= threshold };
      });
      return { found: segments.length > 0, windows: heard };
    },
    parseExpected: parseSound,
    asExpected: ({ windows }) => ({ windows: windows.map(({ isSpeech }) => isSpeech) }),
    measure(answered) {
      const { right, of } = countRight(answered, isRight);
      const shares = answered.flatMap(({ answer, expected }) =>
        'found' in expected ? [] : [rightWindows(answer, expected)],
      );
      if (shares.length === 0) return { items: of, right };
      const windows = {
        right: sum(shares.map((share) => share.right)),
        of: sum(shares.map((share) => share.of)),
      };
      return { items: of, right, windows };
    },
  };
}

function rightWindows(
  { windows }: HeardSound,
  expected: Exclude<ExpectedSound, { found: boolean }>,
): Share {
  const wanted =
    'windows' in expected
      ? expected.windows
      : windows.map(({ fromMs, toMs }) => {
          const inside = expected.spans.map(([from, to]) =>
            Math.max(0, Math.min(to, toMs) - Math.max(from, fromMs)),
          );
          return sum(inside) * 2 >= toMs - fromMs;
        });
  const right = windows.filter(({ isSpeech }, i) => isSpeech === wanted[i]).length;
  return { right, of: Math.max(windows.length, wanted.length) };
}

/** A label, windows as booleans or 0 and 1, or spans of speech in ms. */
function parseSound(value: unknown, item: string): ExpectedSound {
  if (typeof value === 'boolean') return { found: value };
  if (SPEECH.includes(value as string)) return { found: true };
  if (NO_SPEECH.includes(value as string)) return { found: false };
  if (Array.isArray(value)) {
    const isFlag = (one: unknown) => typeof one === 'boolean' || one === 0 || one === 1;
    if (value.length > 0 && value.every(isFlag)) return { windows: value.map(Boolean) };
    if (value.every(isSpan)) return { spans: value };
  }
  const labels = [...SPEECH, ...NO_SPEECH].join(', ');
  const expected = `a label (${labels}), spans of speech [[from, to], …] in ms, or windows of 0 and 1`;
  throw itemInvalid(item, expected, describe(value));
}

function isSpan(value: unknown): value is Span {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [from, to] = value;
  return Number.isFinite(from) && Number.isFinite(to) && from >= 0 && from < to;
}

/**
 * Numbers have no right and wrong. An item is lost where the error grew by more than `maxLoss` of the error that the mean
 * of all expected values would make, and gained where it shrank by as much.
 */
function numberAnswers(
  answerOf: (output: unknown) => readonly number[],
): TaskAnswers<readonly number[], readonly number[]> {
  const errorOf = (answer: readonly number[], expected: readonly number[]) =>
    sum(expected.map((value, i) => Math.abs((answer[i] ?? Number.NaN) - value))) / expected.length;
  return {
    answerOf,
    parseExpected(value, item) {
      const values: unknown[] = Array.isArray(value) ? value : [value];
      if (values.length > 0 && values.every(Number.isFinite)) return values as number[];
      throw itemInvalid(item, 'a number, or one for each value', describe(value));
    },
    asExpected: (answer) => answer,
    errorOf,
    marginOf(expected, maxLoss) {
      const axes = expected[0]?.map((_, axis) => expected.map((values) => values[axis] ?? 0)) ?? [];
      const spreads = axes.map((values) => {
        const mean = sum(values) / values.length;
        return sum(values.map((value) => Math.abs(value - mean))) / values.length;
      });
      return (maxLoss * sum(spreads)) / Math.max(1, spreads.length);
    },
    measure(answered) {
      const axes = answered[0]?.expected.map((_, axis) => axis) ?? [];
      const meanAbsoluteErrors = axes.map((axis) => {
        const errors = answered.map(({ answer, expected }) =>
          Math.abs((answer[axis] ?? Number.NaN) - (expected[axis] ?? Number.NaN)),
        );
        return sum(errors) / errors.length;
      });
      return { items: answered.length, meanAbsoluteErrors };
    },
  };
}

/** Tensors without steps: the largest number of each row names a class, and a row of one number is a value. */
function tensorAnswers(spec: ModelSpec): TaskAnswers<readonly number[], readonly number[]> {
  const { name = '', shape = [] } = stagesOf(spec).at(-1)?.outputs[0] ?? {};
  const rowsOf = (output: unknown) => {
    const { tensors } = output as { tensors: Tensors };
    const tensor = tensors[name];
    const values = tensor ? [...numbersOf(tensor)] : [];
    const classes = tensor?.shape.at(-1) ?? 1;
    return Array.from({ length: Math.ceil(values.length / classes) }, (_, row) =>
      values.slice(row * classes, (row + 1) * classes),
    );
  };
  if (shape.length < 2 || shape.at(-1) === 1)
    return numberAnswers((output) => rowsOf(output).flat());
  const isRight = (answer: readonly number[], expected: readonly number[]) =>
    answer.length === expected.length && answer.every((index, i) => index === expected[i]);
  return {
    ...rightOrWrong(isRight),
    answerOf: (output) => rowsOf(output).map((row) => row.indexOf(Math.max(...row))),
    parseExpected(value, item) {
      const indices = (Array.isArray(value) ? value : [value]).map((one) =>
        typeof one === 'string' && /^\d+$/.test(one) ? Number(one) : one,
      );
      if (indices.every((one) => Number.isSafeInteger(one) && one >= 0)) return indices;
      throw itemInvalid(item, `the index of the largest number of '${name}'`, describe(value));
    },
    asExpected: (answer) => answer,
    measure(answered) {
      const { right, of } = countRight(answered, isRight);
      return { items: of, right };
    },
  };
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
