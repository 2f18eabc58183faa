import { intervalOf } from '../bootstrap.mjs';
import { share } from '../fleet/shares.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { simulateRollouts } from './simulate-rollouts.mjs';

const ROLLOUTS = sized(1_000, 2);
/** Canaries with so many devices on each side, and their share of all. */
const USUAL = { devices: 2_000, percent: 5 };
const SMALL = { devices: 500, percent: 1 };
/** 2 % of its runs fail and not 1 %: that is worse by twice the margin. */
const FAILING = { failed: 0.01 };
/** 1.5 % of its starts fail and not 0.5 %: by twice the margin too. Few starts are counted. */
const NOT_STARTING = { starts: 0.01 };
const MOST_FALSE = 0.02;
/** Windows of an hour, in which a sixth of all devices report. */
const WINDOWS = 21;

/**
 * What autopilot makes of simulated canaries of which the truth is known. The collector looks every five minutes.
 *
 * @param {{ trials?: number }} options rollouts of each kind
 */
export async function* verdicts({ trials: rollouts = ROLLOUTS }) {
  const unit = `of ${rollouts} rollouts, four days with a look every five minutes`;
  const rowOf = (name, found, isSo, goal) => ({ unit, ...share(name, found, isSo, goal) });
  const isTakenBack = ({ revokedHours }) => revokedHours < Infinity;
  const isWidened = ({ promotedHours }) => promotedHours < Infinity;

  const failing = await simulateRollouts(rollouts, { ...USUAL, worse: FAILING });
  yield detected('detect-windows', failing, { atMost: WINDOWS });
  yield rowOf('autopilot-false-steps', failing, isWidened, { atMost: MOST_FALSE });
  const notStarting = await simulateRollouts(rollouts, { ...USUAL, worse: NOT_STARTING });
  yield rowOf('autopilot-false-steps, failed starts', notStarting, isWidened, {
    atMost: MOST_FALSE,
  });

  const small = await simulateRollouts(rollouts, { ...SMALL, worse: FAILING });
  yield rowOf('autopilot-false-steps, 500 devices', small, isWidened);
  const isDetected = ({ revokedHours }) => revokedHours <= WINDOWS;
  yield rowOf(`detected-in-${WINDOWS}-windows, 500 devices`, small, isDetected);
  yield rowOf('detected-in-four-days, 500 devices', small, isTakenBack);

  const same = await simulateRollouts(rollouts, USUAL);
  yield rowOf('autopilot-false-rollbacks', same, isTakenBack, { atMost: MOST_FALSE });
  yield rowOf('autopilot-steps, no worse', same, isWidened);
}

/** The window in which nine of ten were taken back. */
function detected(name, found, goal) {
  const windows = found.map(({ revokedHours }) => Math.ceil(revokedHours));
  const ninetieth = (values) =>
    values.toSorted((a, b) => a - b)[Math.ceil(0.9 * values.length) - 1];
  const median = windows.toSorted((a, b) => a - b)[windows.length >> 1];
  return row(name, {
    value: ninetieth(windows),
    unit: `windows of an hour, for nine of ten of ${found.length} rollouts; for half of them ${median}`,
    interval: intervalOf(windows, ninetieth),
    ...goal,
  });
}
