import {
  type Golden,
  numbersOf,
  roundUp,
  type Stage,
  type Tensor,
  type Tolerance,
  trivialAnswer,
  usualTolerance,
  type Variant,
} from '@nearside/core';

/** Room that a tolerance leaves: the worst of the other right ways uses at most half of it. */
const MARGIN = 2;

/** How often `abs` may become ten times smaller. */
const NARROWER = 3;

/** An output's values in all cases, and those of the other right ways to compute it. */
export interface AnsweredOutput {
  readonly name: string;
  readonly expected: readonly Tensor[];
  readonly others: ReadonlyMap<string, readonly Tensor[]>;
}

export interface DerivedTolerance {
  readonly bounds: Readonly<Record<string, Tolerance>>;
  /** A sentence for each tolerance that was widened. */
  readonly report: readonly string[];
}

/** The tolerance of each output of a model, as `python/golden.py` derives it for all of them together. */
export function deriveTolerance(
  variant: Variant,
  outputs: readonly AnsweredOutput[],
): DerivedTolerance {
  const bounds: Record<string, Tolerance> = {};
  const report: string[] = [];
  for (const { name, expected, others } of outputs) {
    const usual = narrow(usualTolerance(variant, Math.max(0, ...expected.map(sizeOf))), expected);
    bounds[name] = usual;
    const used = [...others].map(([way, actual]) => {
      const shares = actual.map((tensor, i) => shareUsed(tensor, expected[i], usual));
      return { way, share: Math.max(0, ...shares) };
    });
    const [most] = used.sort((a, b) => b.share - a.share);
    if (!most) continue;
    const wider = most.share * MARGIN;
    if (wider <= 1) continue;
    const { abs, rel } = usual;
    bounds[name] = { abs: roundUp(abs * wider), rel: roundUp(rel * wider) };
    report.push(
      `${variant.name}, ${name}: at ONNX Runtime's other levels of optimisation (${[...others.keys()].join(', ')}) answers ` +
        `differ by at most ${(most.share * 100).toFixed(1)} % of the tolerance, abs ${abs} and rel ${rel}, which was ` +
        'widened therefore.',
    );
  }
  return { bounds, report };
}

/** One tolerance for a variant: the widest, and those of its outputs where they differ. */
export function joinTolerances(
  stages: readonly (readonly [Stage, DerivedTolerance['bounds']])[],
): Golden['tolerance'][string] {
  const outputs = Object.fromEntries(
    stages.flatMap(([{ name }, bounds]) =>
      Object.entries(bounds).map(([output, own]) => [name ? `${name}/${output}` : output, own]),
    ),
  );
  const all = Object.values<Tolerance>(outputs);
  const widest = {
    abs: Math.max(...all.map(({ abs }) => abs)),
    rel: Math.max(...all.map(({ rel }) => rel)),
  };
  const isOne = all.every(({ abs, rel }) => abs === widest.abs && rel === widest.rel);
  return isOne ? widest : { ...widest, outputs };
}

/** Small values, such as the probabilities of many classes, need a smaller `abs`, or zero everywhere would pass. */
function narrow({ abs, rel }: Tolerance, expected: readonly Tensor[]): Tolerance {
  const [first] = expected;
  const values = expected.map(numbersOf);
  let own = { abs, rel };
  for (let tries = 0; first && tries < NARROWER; tries += 1) {
    if (trivialAnswer(own, { datatype: first.datatype, values }) === undefined) break;
    own = { abs: roundUp(own.abs / 10), rel };
  }
  return own;
}

/** The largest value, without sign. */
function sizeOf(tensor: Tensor): number {
  let size = 0;
  for (const value of numbersOf(tensor)) size = Math.max(size, Math.abs(value));
  return size;
}

/** 1 is the edge of the tolerance. */
function shareUsed(actual: Tensor, expected: Tensor | undefined, { abs, rel }: Tolerance): number {
  if (!expected || actual.shape.join() !== expected.shape.join()) return 0;
  const got = numbersOf(actual);
  const wanted = numbersOf(expected);
  let most = 0;
  for (let i = 0; i < wanted.length; i += 1) {
    const [a, b] = [got[i] as number, wanted[i] as number];
    const used = Math.abs(a - b) / (abs + rel * Math.abs(b));
    if (Number.isFinite(used)) most = Math.max(most, used);
  }
  return most;
}
