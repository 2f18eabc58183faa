import { NearsideError } from '@nearside/core';
import * as v from 'valibot';
import { describeTensor } from '../describe-form.js';
import type { FoundText } from '../found.js';
import { type FloatTensor, firstTensor, requireFirst } from '../read-tensor.js';
import { defineStep, each, Misfit } from '../step.js';

/**
 * Probabilities of symbols at each time step → text: the best symbol of each step, repetitions as one, without blanks
 * (Graves et al., Connectionist Temporal Classification, ICML 2006, section 3.2: best path decoding).
 *
 * @param steps [1, T, C]
 * @param symbols for each class; the blank's is never read
 * @returns score: mean probability of the symbols that are kept, 0 without any
 */
export function ctcGreedy(
  { shape, data }: FloatTensor,
  { symbols, blank }: { readonly symbols: readonly string[]; readonly blank: number },
): FoundText {
  const [, steps = 0, classes = 0] = shape;
  let text = '';
  let sum = 0;
  let kept = 0;
  let before = blank;
  for (let step = 0; step < steps; step++) {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < classes; i++) {
      const probability = data[step * classes + i] as number;
      if (probability > most) {
        best = i;
        most = probability;
      }
    }
    if (best !== blank && best !== before) {
      text += symbols[best];
      sum += most;
      kept++;
    }
    before = best;
  }
  return { text, score: kept === 0 ? 0 : sum / kept };
}

/** {@link ctcGreedy}, as a step: symbols are lines of a file of the version. */
export const ctcGreedyStep = defineStep({
  name: 'ctc-greedy',
  parameters: v.strictObject({
    symbols: v.string(),
    blank: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
    use_space_char: v.optional(v.boolean(), false),
  }),
  takes: 'outputs',
  gives: 'text',
  form(outputs, { symbols }, { resources }) {
    if (!resources.includes(symbols)) {
      throw new Misfit(`'${symbols}' among resources`, resources.join(', ') || 'none');
    }
    requireFirst(outputs, (tensor) => {
      if (tensor.datatype === 'FP32' && tensor.shape.length === 3) return;
      throw new Misfit('FP32 [1, steps, classes]', describeTensor(tensor));
    });
    return {};
  },
  compile: ({ symbols: resource, blank, use_space_char }, { form, readText }) => {
    const lines = readText(resource).split(/\r?\n/);
    if (lines.at(-1) === '') lines.pop();
    if (use_space_char) lines.push(' ');
    const symbols = [...lines.slice(0, blank), '', ...lines.slice(blank)];
    requireFirst(form, ({ shape: [, , classes = -1] }) => {
      if (classes === -1 || classes === symbols.length) return;
      throw new Misfit(
        `${classes} classes: the blank and ${classes - 1} symbols in '${resource}'`,
        `${lines.length} symbols`,
      );
    });
    return each<'outputs', 'text'>((outputs) => {
      const tensor = firstTensor(outputs, form);
      const classes = tensor.shape[2];
      if (classes === symbols.length) return ctcGreedy(tensor, { symbols, blank });
      throw new NearsideError(
        'backend-failed',
        `Expected ${symbols.length} classes of the model, as '${resource}' has symbols, got ${classes}.`,
        { details: { expected: symbols.length, got: classes } },
      );
    });
  },
});
