import { describe, type ModelSpec, stagesOf, sum } from '@nearside/core';
import type { FoundSound } from '@nearside/pipeline';
import { itemInvalid } from '../item-error.js';
import { type Comparing, countRight, rightOrWrong, type Share } from './comparing.js';

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

/**
 * Compares which windows of a recording are above the threshold of speech. An item is a recording: it is right when all
 * its windows are, or, where a label alone is expected, when speech is found or not as that says.
 */
export function comparingSound(spec: ModelSpec): Comparing<HeardSound, ExpectedSound> {
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
    requireComparable({ windows: { length } }, expected, item) {
      if (!('windows' in expected) || expected.windows.length === length) return;
      const got = `${expected.windows.length}`;
      throw itemInvalid(item, `${length} windows, as the model hears them`, got);
    },
    asExpected({ windows }, given) {
      return given ?? { windows: windows.map(({ isSpeech }) => isSpeech) };
    },
    labelOf(expected) {
      return 'found' in expected ? (expected.found ? 'speech' : 'none') : undefined;
    },
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
    if (value.every(isSpan)) return { spans: joinOverlapping(value) };
  }
  const labels = [...SPEECH, ...NO_SPEECH].join(', ');
  const expected = `a label (${labels}), spans of speech [[from, to], …] in ms, or windows of 0 and 1`;
  throw itemInvalid(item, expected, describe(value));
}

function joinOverlapping(spans: readonly Span[]): Span[] {
  const joined: [fromMs: number, toMs: number][] = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

function isSpan(value: unknown): value is Span {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [from, to] = value;
  return Number.isFinite(from) && Number.isFinite(to) && from >= 0 && from < to;
}
