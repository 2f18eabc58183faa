import { startPhone } from '../../scripts/kills/phone.mjs';

/**
 * Visits a model on a phone, one visit after another.
 *
 * @param {import('../../scripts/kills/engines.mjs').Device} device
 * @param {{ site: string, how: object, roomBytes: number, visits: number, until?: (visit: PhoneVisit) => boolean }} options
 *   `roomBytes` is what a page may take; no visit follows one for which `until` is true
 * @returns {Promise<PhoneVisit[]>}
 *
 * @typedef {object} PhoneVisit
 * @property {boolean} isKilled
 * @property {number} peakBytes
 * @property {any} answer of the page, if it lived
 */
export async function visitOnPhone(device, { site, how, roomBytes, visits, until = () => false }) {
  const seen = [];
  for (let i = 0; i < visits; i += 1) {
    const phone = startPhone({ roomBytes });
    const tab = await device.visit(site, how);
    const answer = await tab.answer;
    phone.stop();
    await tab.close();
    seen.push({ isKilled: phone.kills.length > 0, peakBytes: phone.peakBytes(), answer });
    if (until(seen.at(-1))) break;
  }
  return seen;
}

/** @returns what a new device needs for a visit that nobody disturbs */
export async function peakOf(engine, { site, how }) {
  const device = await engine.newDevice();
  const [visit] = await visitOnPhone(device, { site, how, roomBytes: Infinity, visits: 1 });
  await device.close();
  if (visit.answer?.deaths) return visit.peakBytes;
  throw new Error(`Expected a visit to succeed, got ${JSON.stringify(visit.answer)}`);
}

/** In words, one line for each visit. @param {PhoneVisit} visit */
export function describeVisit({ isKilled, peakBytes, answer }, i) {
  const memory = `${Math.round(peakBytes / 1e6)} MB`;
  const end = isKilled ? 'killed' : (answer?.code ?? JSON.stringify(answer?.said));
  return `visit ${i + 1}: ${memory}, ${end}`;
}
