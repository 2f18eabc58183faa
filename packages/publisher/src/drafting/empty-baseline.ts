import type { Baseline, ModelSpec } from '@nearside/core';
import type { PostprocessingStep } from '@nearside/pipeline';

const BINS = 10;

/**
 * The baseline of a model that was tried on nothing yet: its bins, which devices need, all empty.
 * Confidence in tenths; entropy in tenths of ln(classes), its largest value.
 */
export function emptyBaseline({ postprocessing }: Pick<ModelSpec, 'postprocessing'>): Baseline {
  const labels = (postprocessing as PostprocessingStep[]).find(({ step }) => step === 'top-k');
  const classes = labels?.step === 'top-k' ? Object.keys(labels.id2label).length : 1;
  const largest = Math.log(Math.max(2, classes));
  return {
    format: 1,
    n: 0,
    confidence: { edges: edges(1), counts: zeros(), correct: zeros() },
    entropy: { edges: edges(largest), counts: zeros() },
    classes: {},
  };
}

function edges(largest: number): number[] {
  return Array.from({ length: BINS + 1 }, (_, i) => Number(((i / BINS) * largest).toFixed(4)));
}

function zeros(): number[] {
  return Array.from({ length: BINS }, () => 0);
}
