import { intervalOf } from '../bootstrap.mjs';
import { share } from '../fleet/shares.mjs';
import { row } from '../row.mjs';
import { simulateRollout } from './simulated-rollout.mjs';

const ROLLOUTS = 1_000;
/** Canaries with so many devices on each side, and their share of all. */
const USUAL = { devices: 2_000, percent: 5 };
const SMALL = { devices: 500, percent: 1 };
const STEPS = [1, 5, 25];
const MOST_FALSE = 0.02;
/** 2 % of its runs fail and not 1 %: that is worse by twice the margin. */
const FAILING = { failed: 0.01 };
/** Most failing versions are taken back after so many looks. */
const LOOKS = 21;
/** Four days of an hour each. */
const MOST_LOOKS = 100;

/**
 * What autopilot makes of simulated canaries of which the truth is known.
 *
 * @param {{ trials?: number }} options rollouts of each kind
 */
export async function* verdicts({ trials: rollouts = ROLLOUTS }) {
  const each = (options) =>
    Array.from({ length: rollouts }, (_, i) => simulateRollout({ seed: i + 1, ...options }));
  const unit = `of ${rollouts} rollouts`;
  const acts = (name, found, wrong, goal) => ({
    unit,
    ...share(name, found, ({ act }) => act === wrong, goal),
  });

  yield acts('autopilot-false-rollbacks', each(USUAL), 'revoke', { atMost: MOST_FALSE });
  const stepping = { worse: FAILING, steps: STEPS };
  const usual = each({ ...USUAL, ...stepping });
  yield acts('autopilot-false-steps', usual, 'promote', { atMost: MOST_FALSE });
  const small = each({ ...SMALL, ...stepping });
  yield acts('autopilot-false-steps, 500 devices', small, 'promote');

  yield detected('detect-windows', each({ ...USUAL, worse: FAILING }), { atMost: LOOKS });
  const few = each({ ...SMALL, worse: FAILING });
  for (const looks of [LOOKS, MOST_LOOKS]) {
    const isDetected = (one) => one.act === 'revoke' && one.looks <= looks;
    yield { unit, ...share(`detected-in-${looks}-looks, 500 devices`, few, isDetected) };
  }
}

/** The look by which nine of ten were taken back. */
function detected(name, found, goal) {
  const looks = found.map(({ act, looks }) => (act === 'revoke' ? looks : Infinity));
  const ninetieth = (values) =>
    values.toSorted((a, b) => a - b)[Math.ceil(0.9 * values.length) - 1];
  const median = looks.toSorted((a, b) => a - b)[looks.length >> 1];
  return row(name, {
    value: ninetieth(looks),
    unit: `looks, for nine of ten of ${found.length} rollouts; for half of them ${median}`,
    interval: intervalOf(looks, ninetieth),
    ...goal,
  });
}
