import { compareLooks } from '../../packages/collector/dist/findings/compare-looks.js';
import { VERDICT, verdictName } from '../../packages/collector/dist/fleet/findings.js';
import { rolloutVerdict } from '../../packages/collector/dist/fleet/rollout-verdict.js';
import { COLLECTOR_DEFAULTS } from '../../packages/collector/dist/server/start-collector.js';
import { decide } from '../../packages/publisher/dist/autopilot/decide.js';
import { openArms } from '../fleet/simulate-arms.mjs';

const MODEL = 'digits';
const VERSION = '1.1.0';
const EXPERIMENT = '5f3c9a70';
/** Version of the signed targets that offer it. */
const REVISION = 2;
const OFFERED_MS = Date.UTC(2026, 2, 1);
const RULES = { steps: [1, 5, 25], stable: false, noAnswer: 'hold' };
const { lookEveryMs: LOOKS_EVERY_MS, minDevices: MIN_DEVICES } = COLLECTOR_DEFAULTS;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FOUR_DAYS_MS = 4 * DAY_MS;

/**
 * @typedef {object} Acts after so many hours; Infinity where there was none
 * @property {number} revokedHours
 * @property {number} promotedHours it would have got its next share: it is looked at on with the share that it has
 */

/**
 * Follows a canary until autopilot takes it back: simulated devices, and the collector's verdict and its log, and
 * autopilot's decision.
 *
 * @param {{ seed: number, devices: number, percent: number, worse?: object }} options `devices` on each side, which is
 *   `percent` of all; `worse` as of `simulateArms`
 * @returns {Acts}
 */
export function simulateRollout({ seed, devices, percent, worse }) {
  const arms = openArms({ seed, devices, worse, looksOfADay: DAY_MS / LOOKS_EVERY_MS });
  const canary = {
    ...{ model: MODEL, version: VERSION, experiment: EXPERIMENT, percent },
    offeredMs: [OFFERED_MS],
    hasFallback: true,
  };
  const log = openLog();
  const acts = { revokedHours: Infinity, promotedHours: Infinity };
  for (let sinceMs = LOOKS_EVERY_MS; sinceMs <= FOUR_DAYS_MS; sinceMs += LOOKS_EVERY_MS) {
    const nowMs = OFFERED_MS + sinceMs;
    const hours = sinceMs / HOUR_MS;
    const judged = rolloutVerdict({
      ...arms.look(),
      ...{ share: percent / 100, isOver: false, lack: undefined, hasFacts: true, isRun: true },
      ...{ minDevices: MIN_DEVICES, hours },
    });
    const { verdict, because = [] } = judged.verdict;
    const answer = {
      devices: { canary: devices, control: devices },
      ...{ verdict, because, mayStep: judged.mayStep },
      undone: { n: 0, of: 0 },
      revision: REVISION,
      written: log.add(judged, nowMs),
      lookedMs: nowMs,
      nowMs,
    };
    const { act } = decide(canary, answer, RULES, { revision: REVISION, nowMs });
    if (act === 'promote') acts.promotedHours = Math.min(acts.promotedHours, hours);
    if (act === 'revoke') return { ...acts, revokedHours: hours };
  }
  return acts;
}

/** The collector's log, in which a verdict is written when two looks in a row have seen it. */
function openLog() {
  let unconfirmed = new Map();
  let written = [];
  return {
    /** @returns the entry that is written down for the rollout after this look */
    add(judged, atMs) {
      const state = verdictName(judged);
      const subject = { model: MODEL, version: VERSION, kind: VERDICT, subject: EXPERIMENT };
      const observed = [{ ...subject, state, figures: null }];
      const look = { atMs, revision: REVISION, observed, isKnown: () => true };
      const compared = compareLooks(unconfirmed, look, written);
      unconfirmed = compared.unconfirmed;
      written = [...compared.entries, ...written].slice(0, 1);
      const [entry] = written;
      return entry && { verdict: entry.state, revision: entry.revision, atMs: entry.atMs };
    },
  };
}
