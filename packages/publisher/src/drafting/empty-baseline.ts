import {
  type Baseline,
  type Distribution,
  type Feature,
  type ModelSpec,
  stagesOf,
} from '@nearside/core';

const MAX_DISTRIBUTIONS = 16;
const MAX_LABELS = 31;

/**
 * Bins of the distributions that steps record, by name. `reference/baseline.py` has the same. Bins of confidence are
 * narrow near 1, where nearly all answers of a good model are.
 */
const EDGES = {
  confidence: [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1],
  /** Number of boxes found in a picture. */
  boxes: [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144],
  /** The share of pixels that are in a mask. */
  masked: [0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  /** Width × height, in millions. */
  megapixels: [0, 0.01, 0.1, 0.3, 1, 3, 6, 12, 24, 50],
  /** Width ÷ height. */
  aspect: [0, 0.5, 0.6, 0.7, 0.8, 0.95, 1.05, 1.25, 1.4, 1.6, 2, 10],
  /** Mean and standard deviation of the resized picture's bytes ÷ 255. */
  brightness: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  contrast: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5],
  /** Level: root mean square of sound, dB of full scale. Clipping: the share of samples at full scale. */
  level: [-100, -60, -50, -40, -35, -30, -25, -20, -15, -10, 0],
  clipped: [0, 0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
  /** Pieces of a text, special ones among them. */
  tokens: [0, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096],
  /** Share of a text's pieces that are unknown. */
  unknown: [0, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1],
} as const;

/** Distributions that each step records. */
const NOTED_BY: Readonly<Record<string, readonly (keyof typeof EDGES)[]>> = {
  'top-k': ['confidence'],
  decide: ['confidence'],
  'decode-image': ['megapixels', 'aspect'],
  resize: ['brightness', 'contrast'],
  segments: ['confidence'],
  'text-boxes': ['boxes'],
  mask: ['masked'],
  'reading-order': ['confidence'],
  objects: ['confidence', 'boxes'],
  'decode-audio': ['level', 'clipped'],
  tokenize: ['tokens', 'unknown'],
};

/** The baseline of a model that was never tried: the bins that devices need, all empty. */
export function emptyBaseline(spec: ModelSpec): Baseline {
  const stages = stagesOf(spec);
  const after = stages.flatMap(({ postprocessing }) => postprocessing);
  const before = stages.flatMap(({ preprocessing }) => preprocessing);
  const noted = (steps: readonly { readonly step: string }[]) => [
    ...new Set(steps.flatMap(({ step }) => NOTED_BY[step] ?? [])),
  ];
  const distributions: Distribution[] = [
    ...noted(after).map((name) =>
      ofNumbers(name, name === 'confidence' ? 'score' : 'output', EDGES[name]),
    ),
    ...after.flatMap((step) =>
      'id2label' in step
        ? [ofLabels('class', 'output', Object.values(step.id2label as object))]
        : [],
    ),
    ...noted(before).map((name) => ofNumbers(name, 'input', EDGES[name])),
    ...(spec.features ?? []).flatMap(ofFeature),
  ];
  return { format: 2, n: 0, distributions: distributions.slice(0, MAX_DISTRIBUTIONS) };
}

function ofNumbers(
  name: string,
  kind: Distribution['kind'],
  edges: readonly number[],
): Distribution {
  return { name, kind, edges: [...edges], counts: zeros(edges.length - 1) };
}

function ofLabels(name: string, kind: Distribution['kind'], all: readonly string[]): Distribution {
  const labels = [...new Set(all)].slice(0, MAX_LABELS);
  return { name, kind, labels, counts: zeros(labels.length + 1) };
}

/** A number without a range has no bins before there is data. */
function ofFeature(feature: Feature): Distribution[] {
  const name = `feature:${feature.name}`;
  if (feature.type === 'category') return [ofLabels(name, 'input', feature.categories)];
  if (feature.type === 'boolean') return [ofLabels(name, 'input', ['false', 'true'])];
  if (!feature.range) return [];
  const [low, high] = feature.range;
  const edges = Array.from({ length: 11 }, (_, i) => low + (i * (high - low)) / 10);
  return [ofNumbers(name, 'input', edges)];
}

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}
