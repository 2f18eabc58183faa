import { compareLooks } from '../../packages/collector/dist/findings/compare-looks.js';
import { VERDICT, verdictName } from '../../packages/collector/dist/fleet/findings.js';
import { mayStep, verdictOf } from '../../packages/collector/dist/statistics/verdict.js';
import { decide } from '../../packages/publisher/dist/autopilot/decide.js';
import { LOOKS_OF_A_DAY, openArms } from '../fleet/simulate-arms.mjs';

const MODEL = 'digits';
const VERSION = '1.1.0';
const EXPERIMENT = '5f3c9a70';
/** Version of the signed targets that offer it. */
const REVISION = 2;
const OFFERED_MS = Date.UTC(2026, 2, 1);
const LOOKS_EVERY_MS = 86_400_000 / LOOKS_OF_A_DAY;

/**
 * Follows a canary to the first act of autopilot: simulated devices, the collector's statistics and log of verdicts, and
 * autopilot's decision.
 *
 * @param {{
 *   seed: number,
 *   devices: number,
 *   percent: number,
 *   steps?: readonly number[],
 *   worse?: object,
 *   looks?: number,
 * }} options `devices` on each side, which is `percent` of all; `worse` as of `simulateArms`
 * @returns {{ act: 'revoke' | 'promote' | 'wait', looks: number }} and at which look; `wait` where there was none
 */
export function simulateRollout({ seed, devices, percent, steps = [], worse, looks = 100 }) {
  const arms = openArms({ seed, devices, worse });
  const canary = {
    ...{ model: MODEL, version: VERSION, experiment: EXPERIMENT, percent },
    offeredMs: [OFFERED_MS],
    hasFallback: true,
  };
  const rules = { steps, stable: false, noAnswer: 'revoke' };
  const log = openLog();
  for (let look = 1; look <= looks; look += 1) {
    const nowMs = OFFERED_MS + look * LOOKS_EVERY_MS;
    const judged = judge(arms.look(), { percent, isOneDay: look >= LOOKS_OF_A_DAY });
    const answer = {
      ...judged,
      takenBack: { n: 0, of: 0 },
      revision: REVISION,
      written: log.add(judged, nowMs),
      lookedMs: nowMs,
      nowMs,
    };
    const { act } = decide(canary, answer, rules, { revision: REVISION, nowMs });
    if (act !== 'wait') return { act, looks: look };
  }
  return { act: 'wait', looks };
}

/** As the collector answers: nothing is promoted or widened before a whole day. */
function judge({ guardrails, parts }, { percent, isOneDay }) {
  const { verdict, because = [] } = verdictOf(guardrails, parts);
  if (verdict === 'roll-back') return { verdict, because, mayStep: false };
  if (!isOneDay) return { verdict: 'hold', because: ['one-day'], mayStep: false };
  return { verdict, because, mayStep: mayStep(guardrails, percent / 100) };
}

/** The collector's log, in which a verdict is written when two looks in a row have seen it. */
function openLog() {
  let unconfirmed = new Map();
  let written = [];
  return {
    /** @returns the entry that is written down for the rollout after this look */
    add({ verdict, mayStep }, atMs) {
      const state = verdictName({ verdict: { verdict }, mayStep });
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
