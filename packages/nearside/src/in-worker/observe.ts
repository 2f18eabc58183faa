import { type Baseline, binIndex } from '@nearside/core';
import type { Observation } from '../protocol.js';

/**
 * Places one result in the bins of the model's baseline: all that drift statistics keep of it.
 *
 * @param scores probabilities of one item, summing to 1
 * @param label the top label
 */
export function observe(scores: ArrayLike<number>, label: string, baseline: Baseline): Observation {
  let confidence = 0;
  let entropy = 0;
  for (let i = 0; i < scores.length; i += 1) {
    const p = scores[i] ?? 0;
    confidence = Math.max(confidence, p);
    if (p > 0) entropy -= p * Math.log(p);
  }
  return {
    confidenceBin: binIndex(confidence, baseline.confidence.edges),
    entropyBin: binIndex(entropy, baseline.entropy.edges),
    label,
  };
}
