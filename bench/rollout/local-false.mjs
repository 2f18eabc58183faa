import { NearsideError } from '@nearside/core';
import {
  NEW_RUNS,
  runOfVersion,
  whyGoBack,
  withRun,
} from '../../packages/nearside/dist/page/choice/later/version-runs.js';
import { makeDevices } from '../fleet/devices.mjs';
import { drawsOf } from '../fleet/random.mjs';
import { share } from '../fleet/shares.mjs';
import { NO_TROUBLE } from '../fleet/trouble.mjs';
import { drawRun } from '../fleet/windows.mjs';
import { sized } from '../sized.js';

const DEVICES = sized(10_000, 100);

/** The last of them are compared with. */
const RUNS_BEFORE = 40;

/** A phone that is hot or saves its battery computes so much slower, from the day of the update on. */
const THROTTLED = 2;

/**
 * Devices that give an unchanged version up, by the rule that they decide by, as long as it is new on them. The second row is
 * of devices that have all become slower by chance when it came.
 */
export function* localFalse({ devices = DEVICES } = {}) {
  for (const [name, slower, goal] of [
    ['local-false', 1, { atMost: 0.001 }],
    [`local-false, devices ${THROTTLED} × as slow since`, THROTTLED, {}],
  ]) {
    const draws = drawsOf(37);
    const verdicts = makeDevices(devices, draws).map((device) => tryVersion(device, slower, draws));
    yield { ...share(name, verdicts, Boolean, goal), unit: `of ${devices} devices` };
  }
}

/** @returns why the device goes back to the version before, which is the same one */
function tryVersion(device, slower, draws) {
  let runs = [];
  const run = (sequence, trouble) => {
    const ofVersion = runOfVersion(endOfRun(device, { sequence, trouble }, draws));
    if (ofVersion) runs = withRun(runs, ofVersion);
    return runs.find((one) => one.sequence === sequence);
  };
  let before;
  while ((before?.good ?? 0) < RUNS_BEFORE) before = run(1, NO_TROUBLE);
  for (;;) {
    const version = run(2, { ...NO_TROUBLE, slower });
    const why = version && whyGoBack(version, before);
    if (why || version?.good === NEW_RUNS) return why;
  }
}

/** As the page tells of a run. */
function endOfRun(device, { sequence, trouble }, draws) {
  const { code, times } = drawRun(device, trouble, draws);
  const served = { backend: device.backend, version: { release: { sequence } } };
  const outcome = code
    ? { kind: 'failed', code, error: new NearsideError(code, 'drawn') }
    : { kind: 'ok', reply: { batch: 1, times } };
  return { served, outcome, series: undefined };
}
