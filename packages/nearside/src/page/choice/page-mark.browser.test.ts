import { deathsKey, markPrefix, peekStore, pointerKey } from '@nearside/artifact';
import { afterEach, expect, test } from 'vitest';
import { LIBRARY_VERSION } from '../../shared/library-version.js';
import type { OpenPlan } from '../options/plan-opening.js';
import { judgeMarks, takeDeaths } from './later/deaths.js';
import { AT_OPENING, AT_RUNS, lockOf, markPage, type StoredMark } from './page-mark.js';

const WORK = { phase: 'loading', backend: 'onnx-wasm', variant: 'int8' } as const;

afterEach(() => show('visible'));

test('a mark stands while the page is visible and at work, with its lock, and never twice under one name', async () => {
  const { page, standing } = await visit();
  page.mark(AT_OPENING, WORK);
  const first = await onlyOne(standing);
  page.mark(AT_RUNS, { ...WORK, phase: 'running' });
  page.mark(AT_OPENING);
  await expect.poll(async () => (await read(first))?.phase).toBe('running');
  show('hidden');
  await none(standing);
  show('visible');
  expect(await onlyOne(standing)).not.toBe(first);
  page.mark(AT_RUNS);
  await none(standing);
});

test('a page that is prerendered is marked from when it is shown, and one that is hidden until it is discarded never', async () => {
  show('hidden');
  const { page, standing } = await visit();
  page.mark(AT_OPENING, WORK);
  page.mark(AT_RUNS, { ...WORK, phase: 'running' });
  expect(await standing()).toEqual({ marks: [], locks: [] });
  show('visible');
  await onlyOne(standing);
  page.mark(AT_OPENING);
  page.mark(AT_RUNS);
  await none(standing);
});

test('a page that was left while the store was busy has not died, and one that came back and died has', async () => {
  const { page, standing, judge } = await visit();
  page.mark(AT_OPENING, WORK);
  const key = await onlyOne(standing);
  const mark = await read(key);
  dispatchEvent(new PageTransitionEvent('pagehide'));
  await none(standing);
  await write(key, mark); // as it was, where the store did not come to removing it
  expect(await judge([key])).toEqual([]);
  expect(await read(key)).toBe(undefined);
  await write(key, { ...mark, atMs: Date.now() + 1 });
  expect(await judge([key])).toHaveLength(1);
  dispatchEvent(new PageTransitionEvent('pageshow'));
  await onlyOne(standing);
  page.mark(AT_OPENING);
});

test('a page that is at work again while another tab judges its earlier mark has not died', async () => {
  const { page, standing, judge } = await visit();
  page.mark(AT_RUNS, WORK);
  const seen = await onlyOne(standing);
  page.mark(AT_RUNS);
  await none(standing);
  const { locks } = navigator;
  const query = locks.query.bind(locks);
  locks.query = async () => {
    const before = await query();
    locks.query = query;
    page.mark(AT_RUNS, WORK);
    await onlyOne(standing);
    return before;
  };
  expect(await judge([seen])).toEqual([]);
  page.mark(AT_RUNS);
  await none(standing);
});

test('two tabs that judge one death count it once, and both know of it', async () => {
  const { judge, pages, deaths } = await visit();
  const mark = {
    ...WORK,
    threads: 1,
    pageMs: 1,
    atMs: Date.now(),
    browser: 'a browser',
    library: LIBRARY_VERSION,
  };
  const keys = [`${pages}1`, `${pages}2`];
  for (const key of keys) await write(key, mark); // it had opened the model twice
  const seen = await Promise.all([judge(keys), judge(keys)]);
  expect(seen.map(({ length }) => length)).toEqual([1, 1]);
  expect(await read(deaths)).toMatchObject({ deaths: [{ phase: 'loading' }] });
});

test('a report is given each death once, with the version that the device was changing to', async () => {
  const { plan, judge, pages } = await visit();
  const where = { threads: 1, pageMs: 1, atMs: Date.now(), browser: 'a browser' };
  const mark = { ...WORK, ...where, library: LIBRARY_VERSION, sequence: 2, version: '2.0.0' };
  await write(`${pages}1`, mark);
  await judge([`${pages}1`]);
  await write(pointerKey(plan.prefix, plan.address.model), { active: 2, previous: 1 });
  expect(await takeDeaths(plan)).toMatchObject([{ phase: 'loading', update: '2.0.0' }]);
  expect(await takeDeaths(plan)).toEqual([]);
});

test('a mark that the store fails to remove is held until it is removed', async () => {
  const { page, standing } = await visit();
  page.mark(AT_OPENING, WORK);
  const key = await onlyOne(standing);
  const { delete: remove } = IDBObjectStore.prototype;
  const aborted = new Promise<void>((resolve) => {
    IDBObjectStore.prototype.delete = function (...given) {
      const request = remove.apply(this, given);
      this.transaction.addEventListener('abort', () => resolve());
      this.transaction.commit = () => this.transaction.abort();
      return request;
    };
  });
  page.mark(AT_OPENING);
  await aborted;
  IDBObjectStore.prototype.delete = remove;
  expect(await standing()).toEqual({ marks: [key], locks: [lockOf(key)] });
  show('hidden');
  await none(standing);
});

test('a store that is cleared while the page is at work takes the mark along, and the lock goes with the work', async () => {
  const { page, standing } = await visit();
  page.mark(AT_OPENING, WORK);
  await onlyOne(standing);
  await new Promise<void>((resolve) => {
    indexedDB.deleteDatabase('nearside-models').onsuccess = () => resolve();
  });
  page.mark(AT_RUNS, { ...WORK, phase: 'running' });
  page.mark(AT_OPENING);
  page.mark(AT_RUNS);
  await none(standing);
});

/** A page's mark that has its connection, of a model of its own. */
async function visit() {
  const prefix = crypto.randomUUID();
  const address = { model: 'digits' };
  const plan = { prefix, address, store: 'auto', trust: {} } as unknown as OpenPlan;
  const page = markPage(plan);
  const pages = markPrefix(prefix, address.model);
  await peekStore('nearside-models', (objects) => {
    const requests = [objects.count()];
    page.join(objects);
    return requests;
  });
  const place = { nowMs: Date.now() + 1_000, adapter: undefined };
  return {
    plan,
    page,
    pages,
    deaths: deathsKey(prefix, address.model),
    judge: async (marks: string[]) => {
      const { record } = await judgeMarks(plan, { marks, deaths: undefined }, place);
      return record.deaths;
    },
    async standing() {
      const [marks] = await ask((objects) =>
        objects.getAllKeys(IDBKeyRange.bound(pages, `${pages}\uffff`)),
      );
      const { held = [] } = await navigator.locks.query();
      const locks = held.map(({ name = '' }) => name);
      return { marks, locks: locks.filter((name) => name.startsWith(lockOf(pages))) };
    },
  };
}

type Standing = () => Promise<{ marks: unknown; locks: readonly string[] }>;

/** @returns the key of the only mark that stands, with its lock */
async function onlyOne(standing: Standing): Promise<string> {
  await expect.poll(async () => (await standing()).marks).toHaveLength(1);
  const { marks, locks } = await standing();
  const [key] = marks as string[];
  expect(locks).toEqual([lockOf(key as string)]);
  return key as string;
}

async function none(standing: Standing): Promise<void> {
  await expect.poll(standing).toEqual({ marks: [], locks: [] });
}

async function ask(work: (objects: IDBObjectStore) => IDBRequest): Promise<readonly unknown[]> {
  return (await peekStore('nearside-models', (objects) => [work(objects)])) ?? [];
}

async function read(key: string): Promise<StoredMark | undefined> {
  const [mark] = await ask((objects) => objects.get(key));
  return mark as StoredMark | undefined;
}

async function write(key: string, mark: unknown): Promise<void> {
  await ask((objects) => objects.put(mark, key));
}

function show(visibility: DocumentVisibilityState): void {
  Object.defineProperty(document, 'visibilityState', { value: visibility, configurable: true });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}
