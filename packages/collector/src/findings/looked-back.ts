import { DAY_MS, HOUR_MS } from '../counting/time.js';

/** Some questions need more time than a short range has, ms. */
export const LOOKED_BACK_MS = {
  silence: DAY_MS,
  // rollouts that ended lately too, each from its begin
  canary: 14 * DAY_MS,
  // targets are judged over this time
  service: 2 * HOUR_MS,
  // where windows are days, an alarm needs two of them
  drift: 4 * DAY_MS,
  accuracy: 7 * DAY_MS,
};
