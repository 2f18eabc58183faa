import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { listen } from '../listen.mjs';

/**
 * One step of a page's mark. While a page tells it, it waits for the answer, and does nothing else.
 *
 * @typedef {object} MarkStep
 * @property {'storing' | 'stored' | 'refused' | 'removing' | 'removed'} step
 * @property {string} key of the record
 * @property {string} [phase] of the record; as its backend, variant, threads and version
 * @property {string} [backend]
 * @property {string} [variant]
 * @property {number} [threads]
 * @property {string} [version]
 * @property {number} [atMs] when it was heard, on the clock of `performance.now`
 */

/**
 * Hears what pages do with their marks, each step before the page goes on.
 *
 * @returns {Promise<{ url: string, seen: MarkStep[], hear(listener: ((step: MarkStep) => unknown) | undefined): void,
 *   close(): Promise<void> }>} `url` is what `tellMarks` needs; a page is answered when the listener is done
 */
export async function hearMarks() {
  const seen = [];
  let listener;
  const server = createServer(async (request, response) => {
    const step = await json(request).catch(() => undefined);
    if (step) {
      seen.push({ ...step, atMs: performance.now() });
      await listener?.(step);
    }
    response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end();
  });
  const { url, close } = await listen(server, 0);
  return {
    url,
    seen,
    hear(next) {
      listener = next;
    },
    close,
  };
}

/**
 * The marks that a page has left behind, if it dies after these steps. Of one that was being stored or removed nobody knows
 * how far the store came.
 *
 * @param {readonly MarkStep[]} seen
 * @returns {{ key: string, may: (MarkStep | undefined)[] }[]} by key: what it may be, undefined for none
 */
export function standingMarks(seen) {
  const marks = new Map();
  for (const { key, step, ...record } of seen) {
    const mark = marks.get(key) ?? { key, may: [undefined] };
    marks.set(key, mark);
    // The store does one after the other.
    if (step === 'stored' || step === 'removed') mark.may.shift();
    else if (step === 'refused') mark.may.pop();
    else mark.may.push(step === 'storing' ? { key, step, ...record } : undefined);
  }
  return [...marks.values()].filter(({ may }) => may.some((mark) => mark !== undefined));
}
