import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { listen } from '../listen.mjs';

/**
 * One step of a page's mark. While a page tells it, it waits for the answer, and does nothing else.
 *
 * @typedef {object} MarkStep
 * @property {'storing' | 'stored' | 'removing' | 'removed'} step
 * @property {string} key of the record
 * @property {string} [phase] of the record; as its backend, variant and threads
 * @property {string} [backend]
 * @property {string} [variant]
 * @property {number} [threads]
 */

/**
 * Hears what pages do with their marks, each step before the page goes on.
 *
 * @returns {Promise<{ url: string, seen: MarkStep[], hear(listener: ((step: MarkStep) => unknown) | undefined): void,
 *   close(): Promise<void> }>} `url` is what `watchMarks` needs; a page is answered when the listener is done
 */
export async function startMarkWatch() {
  const seen = [];
  let listener;
  const server = createServer(async (request, response) => {
    const step = await json(request).catch(() => undefined);
    if (step) {
      seen.push(step);
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
 * The marks that a page has left behind, if it dies after these steps. One that was being stored or removed may be there or
 * not: then both are right.
 *
 * @param {readonly MarkStep[]} seen
 * @returns {{ key: string, may: (MarkStep | undefined)[] }[]} by key, in the order of their first step
 */
export function standingMarks(seen) {
  const marks = new Map();
  for (const { key, step, ...record } of seen) {
    const before = marks.get(key)?.may.at(-1);
    const mark = step === 'storing' || step === 'stored' ? { key, step, ...record } : undefined;
    const isUnderWay = step === 'storing' || step === 'removing';
    marks.set(key, { key, may: isUnderWay ? [before, mark] : [mark] });
  }
  return [...marks.values()].filter(({ may }) => may.some((mark) => mark !== undefined));
}

/**
 * In the page, before its first script: tells of every mark that is stored or removed. It names nothing outside itself, so
 * that it can be given to `addInitScript`.
 *
 * @param {string} url of `startMarkWatch`
 */
export function watchMarks(url) {
  const isMark = (key) => typeof key === 'string' && /\/m\/[^/]+\/[^/]+$/.test(key);
  const tell = (step, key, record = {}) => {
    const { phase, backend, variant, threads } = record;
    const request = new XMLHttpRequest();
    try {
      request.open('POST', url, false);
      request.send(JSON.stringify({ step, key, phase, backend, variant, threads }));
    } catch {
      // while a page is left, it may not wait for anything
    }
  };
  const { put, delete: remove } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (record, key) {
    if (isMark(key)) {
      tell('storing', key, record);
      this.transaction.addEventListener('complete', () => tell('stored', key, record));
    }
    return put.call(this, record, key);
  };
  IDBObjectStore.prototype.delete = function (key) {
    if (isMark(key)) {
      tell('removing', key);
      this.transaction.addEventListener('complete', () => tell('removed', key));
    }
    return remove.call(this, key);
  };
}
