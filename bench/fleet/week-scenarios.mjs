import { CANARY } from './model.mjs';

const HOUR_MS = 3_600_000;
export const WEEK_MS = 7 * 24 * HOUR_MS;
/** A Monday. */
export const START_MS = Date.UTC(2026, 2, 2);
/** What changes for everybody does so half a day before the end. */
export const CHANGE_MS = START_MS + WEEK_MS - 12 * HOUR_MS;
const SILENCE_MS = START_MS + WEEK_MS - 4 * HOUR_MS;

/**
 * What is wrong in a week, for one window of one device: factors and shares, all 1 or 0 where nothing is.
 *
 * @typedef {{ failing: number, slower: number, lessSure: number, right: number, dies: boolean }} Trouble
 * @typedef {{ trouble: (device: object, version: string, atMs: number) => Partial<Trouble>, forges?: boolean, expected: object }} WeekScenario
 */
export const NO_TROUBLE = { failing: 1, slower: 1, lessSure: 0, right: 1, dies: false };

const onCanary = (trouble) => (_device, version) => (version === CANARY ? trouble : {});
const fromChange = (trouble) => (device, _version, atMs) =>
  atMs >= CHANGE_MS ? trouble(device) : {};

/** @type {Record<string, WeekScenario>} */
export const WEEKS = {
  none: { trouble: () => ({}), expected: {} },
  drift: {
    // what phones see has changed
    trouble: fromChange(({ device }) => ({ lessSure: device === 'phone' ? 0.25 : 0 })),
    expected: { driftSinceMs: CHANGE_MS, segment: 'phone' },
  },
  concept: {
    trouble: fromChange(() => ({ right: 0.85 })),
    expected: { concept: true },
  },
  'slow-version': {
    trouble: onCanary({ slower: 1.5 }),
    expected: { because: 'slow-runs' },
  },
  'failing-version': {
    trouble: onCanary({ failing: 2 }),
    // few devices have most of the failures: how many have one is sure before how many there are
    expected: { because: 'failed-devices' },
  },
  'dying-version': {
    trouble: (device, version) => (version === CANARY && device.dies ? { dies: true } : {}),
    expected: { because: 'missing-devices' },
  },
  silent: {
    trouble: (_device, _version, atMs) => ({ dies: atMs >= SILENCE_MS }),
    expected: { silentSinceMs: SILENCE_MS },
  },
  forged: { trouble: () => ({}), forges: true, expected: {} },
};
