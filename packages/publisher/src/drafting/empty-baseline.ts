import type { Baseline, ModelSpec } from '@nearside/core';
import type { PostprocessingStep } from '@nearside/pipeline';

const BINS = 10;

/**
 * The baseline of a model that was tried on nothing yet: its bins, which devices need, all empty.
 * Confidence in tenths; entropy in tenths of ln(classes), its largest value.
 */
export function emptyBaseline({ postprocessing }: Pick<ModelSpec, 'postprocessing'>): Baseline {
  const steps = postprocessing as PostprocessingStep[];
  const labels = steps.flatMap((step) => ('id2label' in step ? Object.keys(step.id2label) : []));
  const largest = Math.log(Math.max(2, labels.length));
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
