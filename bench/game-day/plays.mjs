import { passUntil, passWindows, release } from './stage.mjs';
import { SHIPPED } from './versions.mjs';

/** Windows before anything happens. */
const QUIET_WINDOWS = 2;
/** A verdict on something as bad as in these stories comes within this. */
const VERDICT_HOURS = 6;
/** Devices look every 15 minutes. */
const WAY_BACK_HOURS = 1;
/** A version that is no worse is watched for so long. */
const WATCHED_HOURS = 2;

/** Ships a version that is worse, and waits until it is taken back and no device has it any more. */
export async function shipWhatIsWorse(stage, packed) {
  await passWindows(stage, QUIET_WINDOWS);
  await release(stage, packed);
  await untilTakenBack(stage);
}

export async function untilTakenBack(stage) {
  const { timeline } = stage;
  const isBack = () => timeline.has('taken back');
  stage.check('it is taken back', await passUntil(stage, isBack, { hours: VERDICT_HOURS }));
  const { toldBy } = stage.incident;
  const because = stage.rollout?.verdict.because ?? [];
  const isTold = [because].flat().some((one) => toldBy.some((name) => one.startsWith(name)));
  stage.check(`it is told by ${toldBy.join(' or ')}`, isTold, because);
  await untilNobodyHasIt(stage);
}

export async function untilNobodyHasIt(stage) {
  const isGone = () => !stage.served.has(SHIPPED);
  stage.check(
    'no device has it any more',
    await passUntil(stage, isGone, { hours: WAY_BACK_HOURS }),
  );
}

/** Ships a version that is no worse, and sees that it stays. */
export async function shipWhatIsNoWorse(stage, packed) {
  await passWindows(stage, QUIET_WINDOWS);
  await release(stage, packed);
  await staysOut(stage);
}

/** @param {{ hours?: number, what?: string }} [how] `what` is checked, in words */
export async function staysOut(stage, how = {}) {
  const { hours = WATCHED_HOURS, what = 'nothing is taken back' } = how;
  const isBack = () => stage.timeline.has('taken back');
  stage.check(what, !(await passUntil(stage, isBack, { hours })), stage.rollout);
}
