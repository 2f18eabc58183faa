export const MODEL = 'digits';
export const BASELINE = '0123456789abcdef';

export const LABELS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const EDGES = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1];
/** How many are right, by bin of confidence. */
export const RIGHT = [0.42, 0.66, 0.85, 0.925, 0.965, 0.985, 0.9925, 0.9965, 0.9985, 0.9995];
/** Held-out data is a little easier than the field. */
const LAB = { samples: 1000, sure: 0.88 };

/** Confidence of a run: some inputs are sure, and the others anything. */
export function drawConfidence(sure, draws) {
  return draws.chance(sure) ? 9 : draws.below(9);
}

/**
 * What a collector is told of the model, as `nearside facts` writes it.
 *
 * @param {readonly import('./releases.mjs').Release[]} releases
 * @param {{ baseline: object, features?: readonly string[] }} known
 */
export function modelFacts(releases, { baseline, features }) {
  const common = { baseline, baselineHash: BASELINE, metrics: { accuracy: accuracyOf(baseline) } };
  const versions = releases.map((release) => ({ ...release, ...common }));
  return { format: 1, models: [{ model: MODEL, versions, ...(features && { features }) }] };
}

export function labBaseline(draws) {
  const confidence = { counts: new Array(10).fill(0), correct: new Array(10).fill(0) };
  const classes = new Array(11).fill(0);
  for (let i = 0; i < LAB.samples; i += 1) {
    const bin = drawConfidence(LAB.sure, draws);
    confidence.counts[bin] += 1;
    if (draws.chance(RIGHT[bin])) confidence.correct[bin] += 1;
    classes[draws.below(10)] += 1;
  }
  return {
    format: 2,
    n: LAB.samples,
    distributions: [
      { name: 'confidence', kind: 'score', edges: EDGES, ...confidence },
      { name: 'class', kind: 'output', labels: LABELS, counts: classes },
    ],
  };
}

function accuracyOf({ n, distributions: [{ correct }] }) {
  return correct.reduce((sum, one) => sum + one, 0) / n;
}
