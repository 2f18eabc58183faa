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
  checkToldBy(stage);
  await untilNobodyHasIt(stage);
}

/** The verdict names a guardrail on some devices alone as `slow-runs-on-tablet`. */
function checkToldBy({ incident: { toldBy, notToldBy = [] }, rollout, check }) {
  const because = [rollout?.verdict.because ?? []].flat();
  const namesOneOf = (names) => because.some((one) => names.some((name) => one.startsWith(name)));
  check(`it is told by ${toldBy.join(' or ')}`, namesOneOf(toldBy), because);
  if (notToldBy.length === 0) return;
  check(`it is not told by ${notToldBy.join(' or ')}`, !namesOneOf(notToldBy), because);
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

/** @param {{ hours?: number, apartMs?: number, what?: string }} [how] `what` is checked, in words */
export async function staysOut(stage, how = {}) {
  const { hours = WATCHED_HOURS, what = 'nothing is taken back', apartMs } = how;
  const isBack = () => stage.timeline.has('taken back');
  stage.check(what, !(await passUntil(stage, isBack, { hours, apartMs })), stage.rollout);
}
