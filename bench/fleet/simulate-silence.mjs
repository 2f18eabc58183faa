import {
  fewestOf,
  JUDGED_AFTER,
  usualCount,
} from '../../packages/collector/dist/statistics/hour-of-week.js';
import { drawsOf } from './random.mjs';

const HOUR_MS = 3_600_000;
/** A Monday. */
const MONDAY_MS = Date.UTC(2026, 2, 2);

/**
 * Devices by the hour of a fleet that does not change: it follows the hour and the weekend, and some of its days and hours
 * have more people than others.
 *
 * @returns each hour after the first week: its devices, the usual ones, and how many are too few
 */
export function simulateSilence({ seed, days = 14 }) {
  const draws = drawsOf(seed);
  const between = (low, high) => low + (high - low) * draws.uniform();
  const devices = 3 * (200 / 3) ** draws.uniform();
  const fleet = {
    startMs: MONDAY_MS + draws.below(7 * 24) * HOUR_MS,
    swing: between(0, 0.9),
    busiestHour: draws.below(24),
    weekend: between(0.3, 1.2),
    days: between(0, 0.12),
    hours: between(0, 0.12),
  };
  const counts = [];
  const judged = [];
  let ofDay = 1;
  for (let hour = 0; hour < days * 24; hour += 1) {
    const atMs = fleet.startMs + hour * HOUR_MS;
    if (atMs % (24 * HOUR_MS) === 0 || hour === 0) ofDay = varied(fleet.days, draws);
    const rate = devices * activity(fleet, atMs) * ofDay * varied(fleet.hours, draws);
    const count = draws.poisson(rate);
    if (hour >= JUDGED_AFTER) {
      const usual = usualCount(atMs, counts);
      judged.push({ count, usual: usual?.mean ?? 0, fewest: usual ? fewestOf(usual) : 0 });
    }
    counts.push(count);
  }
  return judged;
}

function activity({ swing, busiestHour, weekend }, atMs) {
  const date = new Date(atMs);
  const daily = 1 + swing * Math.cos(((date.getUTCHours() - busiestHour) / 24) * 2 * Math.PI);
  return daily * ([0, 6].includes(date.getUTCDay()) ? weekend : 1);
}

/** 1 on average, with this standard deviation. */
function varied(deviation, draws) {
  const shape = 1 / deviation ** 2;
  return shape < 1e4 ? draws.gamma(shape) / shape : 1;
}
