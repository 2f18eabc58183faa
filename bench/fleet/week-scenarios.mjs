import { CANARY, forAll, forSome, STABLE } from './releases.mjs';

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
/** A Monday. */
const START_MS = Date.UTC(2026, 2, 2);
const END_MS = START_MS + WEEK_MS;
/** What changes for everybody does so half a day before the end. */
const CHANGE_MS = END_MS - 12 * HOUR_MS;
/** There is no verdict about silence in a first week. */
const NINE_DAYS_END_MS = END_MS + 48 * HOUR_MS;
const SILENCE_MS = NINE_DAYS_END_MS - 4 * HOUR_MS;

const onCanary = (trouble) => (_device, version) => (version === CANARY ? trouble : {});
const fromChange = (trouble) => (device, _version, atMs) =>
  atMs >= CHANGE_MS ? trouble(device) : {};

/** A canary is out all the time, and one thing is wrong. */
function week({ trouble = () => ({}), expected = {}, forges = false, endMs = END_MS }) {
  const { driftSinceMs, segment, concept, because, silentSinceMs } = expected;
  return {
    startMs: START_MS,
    endMs,
    releases: [[START_MS, [forSome(CANARY, 5), forAll(STABLE)]]],
    trouble,
    forges,
    expected: {
      version: STABLE,
      driftSinceMs,
      segment,
      concept,
      silentSinceMs,
      rollouts: [{ version: CANARY, because }],
    },
  };
}

/** @type {Record<string, import('./fleet-scenarios.mjs').FleetScenario>} */
export const WEEKS = {
  none: week({}),
  drift: week({
    // what phones see has changed
    trouble: fromChange(({ device }) => ({ lessSure: device === 'phone' ? 0.25 : 0 })),
    expected: { driftSinceMs: CHANGE_MS, segment: 'phone' },
  }),
  concept: week({
    trouble: fromChange(() => ({ right: 0.85 })),
    expected: { concept: true },
  }),
  'slow-version': week({
    trouble: onCanary({ slower: 1.5 }),
    expected: { because: ['slow-runs'] },
  }),
  'failing-version': week({
    trouble: onCanary({ failing: 2 }),
    // few devices have most of the failures: how many have one is sure before how many there are
    expected: { because: ['failed-devices'] },
  }),
  'dying-version': week({
    trouble: (device, version) => (version === CANARY && device.dies ? { dies: true } : {}),
    expected: { because: ['missing-devices'] },
  }),
  silent: week({
    endMs: NINE_DAYS_END_MS,
    trouble: (_device, _version, atMs) => ({ dies: atMs >= SILENCE_MS }),
    expected: { silentSinceMs: SILENCE_MS },
  }),
  forged: week({ forges: true }),
};
