import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { createRandom } from '../slim/draw.js';

const FOLDERS = sized(10_000, 100);
const SIZES = [200, 300, 500, 1000];
const MAX_LOSS = 0.02;

/** Share of right answers of the reference, and how much of what decides an answer the two variants do not share. */
const RIGHT = [0.8, 0.93, 0.99];
const APART = [0.05, 0.2, 0.5];

/**
 * Folders whose loss is `--max-loss`: of those at most 2.5 % may pass, and 3 % with the interval's own error. Items are
 * easy or hard for both variants, as in real folders; what a variant adds of its own makes some of them gained.
 */
export async function falsePass() {
  const { pairedLoss, verdictOf } = await import(
    '../../packages/publisher/dist/evaluating/judging/paired-loss.js'
  );
  const random = createRandom(1998);
  let passed = 0;
  for (let i = 0; i < FOLDERS; i += 1) {
    const of = (all) => all[Math.floor(random() * all.length)];
    const counts = drawFolder(random, { items: of(SIZES), right: of(RIGHT), apart: of(APART) });
    if (verdictOf(pairedLoss(counts), MAX_LOSS) === 'passed') passed += 1;
  }
  const share = passed / FOLDERS;
  const half = 1.96 * Math.sqrt((share * (1 - share)) / FOLDERS);
  const interval = [share - half, share + half];
  return row('gate-false-pass', {
    value: share,
    unit: `of ${FOLDERS} folders`,
    interval,
    atMost: 0.03,
  });
}

/** An item is right where its ease and the variant's own part are above what the share of right answers asks for. */
function drawFolder(random, { items, right, apart }) {
  const spread = Math.sqrt(1 + apart ** 2);
  const [reference, candidate] = [right, right - MAX_LOSS].map(
    (share) => -quantile(share) * spread,
  );
  let [lost, gained] = [0, 0];
  for (let i = 0; i < items; i += 1) {
    const ease = normal(random);
    const isRight = (threshold) => ease + apart * normal(random) > threshold;
    const [a, b] = [isRight(reference), isRight(candidate)];
    if (a && !b) lost += 1;
    if (b && !a) gained += 1;
  }
  return { items, lost, gained };
}

/** Box and Muller (1958). */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The inverse of the normal distribution, by halving. */
function quantile(share) {
  let [low, high] = [-8, 8];
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (distribution(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

/** The normal distribution: Marsaglia, Evaluating the Normal Distribution, Journal of Statistical Software 11 (2004). */
function distribution(x) {
  let [sum, term] = [x, x];
  for (let i = 3; Math.abs(term) > 1e-16; i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
