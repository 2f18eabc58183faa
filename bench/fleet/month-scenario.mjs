import { CANARY, forAll, forSome, NEXT, revoked, STABLE } from './releases.mjs';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The start of a day of March 2026, from 1 to 31. */
const day = (number) => Date.UTC(2026, 2, number);

const END_MS = day(32);
const SLOW_DAY_MS = day(19);
const NEW_LIBRARY_MS = day(12);
const NEW_APP_MS = day(20);
const SILENCE_MS = day(25) + 9 * HOUR_MS;
/** What phones see has changed. */
const DRIFT_MS = day(29) + 12 * HOUR_MS;

/** A month with a bad release, a good one, a slow day, a silence and a drift. */
export const MONTH = {
  startMs: day(1),
  endMs: END_MS,
  releases: [
    [day(1), [forAll(STABLE)]],
    [day(8), [forSome(CANARY, 5), forAll(STABLE)]],
    [day(11), [revoked(CANARY, 5), forAll(STABLE)]],
    [day(15), [forSome(NEXT, 5), revoked(CANARY, 5), forAll(STABLE)]],
    [day(18), [forSome(NEXT, 20), revoked(CANARY, 5), forAll(STABLE)]],
    [day(21), [forAll(NEXT), revoked(CANARY, 5), forAll(STABLE)]],
  ],
  silences: [[SILENCE_MS, SILENCE_MS + 5 * HOUR_MS]],
  looksEveryMs: 12 * HOUR_MS,
  features: ['stroke-width', 'slant'],
  trouble,
  software,
  faults: {
    failedUpdates: (version) => (version === CANARY ? 0.12 : 0.04),
    givenUp: (version) => (version === CANARY ? 0.02 : 0),
    missing: (app) => (app === '2026.4' ? 0.04 : 0.02),
  },
  expected: {
    version: NEXT,
    driftSinceMs: DRIFT_MS,
    segment: 'phone',
    silentHours: 5,
    rollouts: [{ version: CANARY, because: ['failed-devices', 'failed-runs'] }, { version: NEXT }],
    written: [`${CANARY} rollout ended`, 'silence ended', `${NEXT} drift open`],
  },
};

/** The month on its tenth day, when the bad release is still out to a part of the devices. */
export const BAD_CANARY = {
  ...MONTH,
  endMs: day(10) + 12 * HOUR_MS,
  silences: [],
  expected: {
    version: STABLE,
    rollouts: [{ version: CANARY, because: ['failed-devices', 'failed-runs'] }],
    written: [`${CANARY} rollout open`],
  },
};

function trouble({ device }, version, atMs) {
  const isPhone = device === 'phone';
  const isSlowDay = SLOW_DAY_MS <= atMs && atMs < SLOW_DAY_MS + DAY_MS;
  return {
    failing: version === CANARY ? 20 : 1,
    slower: (isSlowDay ? 3 : 1) * (version === CANARY && isPhone ? 1.6 : 1),
    lessSure: isPhone && atMs >= DRIFT_MS ? 0.25 : 0,
    buys: version === NEXT ? 1.2 : 1,
  };
}

/** Half of the devices get the next library, and most of those with the newest app the next app. */
function software({ app, bucket }, atMs) {
  const hasNewApp = atMs >= NEW_APP_MS && app === '2026.3' && bucket % 10 < 6;
  const hasNewLibrary = atMs >= NEW_LIBRARY_MS && bucket % 2 === 0;
  return { app: hasNewApp ? '2026.4' : app, library: hasNewLibrary ? '0.2.0' : '0.1.0' };
}
