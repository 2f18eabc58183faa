import { beginIn, markPrefix } from '@nearside/artifact';
import type { ModelSpec } from '@nearside/core';
import type { AvailableBackend, LostPage } from '../../shared/api/backends.js';
import { LIBRARY_VERSION } from '../../shared/library-version.js';
import { isHidden, LEFT } from '../../shared/page-events.js';
import type { OpenedVersion } from '../../shared/protocol.js';
import type { OpenPlan } from '../options/plan-opening.js';

/** A kind of work for a model. */
export type Phase = LostPage['phase'];

/** Work that a page does, as far as it is known. */
export interface Work {
  readonly phase: Phase;
  readonly backend?: AvailableBackend | undefined;
  readonly variant?: string | undefined;
  readonly model?: string | undefined;
  readonly sequence?: number | undefined;
  readonly version?: string | undefined;
  readonly variants?: ModelSpec['variants'] | undefined;
}

/** The last place with work is blamed: optional work before what a user waits for. */
export const AT_RUNS = 0;
export const AT_OPENING = 1;
export const BESIDE_RUNS = 2;

/** Says what is at work at a place; without `work` that nothing is any more. */
export type MarkWork = (place: number, work?: Work) => void;

/** A mark as it is stored. */
export interface StoredMark extends Work {
  /** When its page began, on the clock of `performance.timeOrigin`: a page has a mark for each opening of a model. */
  readonly pageMs: number;
  /** As many as were asked for. */
  readonly threads: number | undefined;
  readonly browser: string;
  readonly library: string;
  /** Unix time, ms. */
  readonly atMs: number;
}

/** The browser with the number of its major version alone. */
export function browserName(): string {
  const { userAgent = '' } = globalThis.navigator ?? {}; // Node may have none
  return userAgent.replace(/(\d+)(?:\.\d+)+/g, '$1');
}

/** The Web Lock that is held while a mark stands. */
export function lockOf(key: string): string {
  return `nearside ${key}`;
}

export interface PageMark {
  /** As many as are asked for. */
  threads: number | undefined;
  readonly mark: MarkWork;
  /** Writes what is at work into a transaction, the first time and from then on. */
  readonly join: (objects: IDBObjectStore) => void;
}

/** For what is not marked: Node, a store in memory, unsigned files, a rehearsal. */
export const UNMARKED: PageMark = { threads: undefined, mark() {}, join() {} };

/** A page is frozen when it is hidden already. */
const EVENTS = ['visibilitychange', 'pagehide', 'pageshow'];

/** WebKit reckons it anew at each look, and then it differs by a millisecond. */
const PAGE_MS = performance.timeOrigin;

/**
 * Keeps a record in the store of what this page does for a model, as long as it is visible and at work. A Web Lock of the
 * record's name is held before the record is there, and until it is gone: a record whose lock is free is of a page that
 * died. Browsers end hidden pages at will, so those have none.
 */
export function markPage({ prefix, address, store, threads }: OpenPlan): PageMark {
  if (store !== 'auto' || !globalThis.document || !navigator.locks) return UNMARKED;
  const works: (Work | undefined)[] = [];
  let database: IDBDatabase | undefined;
  /** Set from when its lock is asked for until that is let go. No key comes twice: a tab may be judging the one before. */
  let key: string | undefined;
  /** Set while the lock is held, and nothing is being removed. */
  let letGo: (() => void) | undefined;
  let isLeft = false;

  function mark(place: number, work?: Work): void {
    works[place] = work;
    settle();
  }

  function onEvent({ type }: Event): void {
    if (type !== 'visibilitychange') isLeft = type === 'pagehide';
    settle();
  }

  /** @param objects given where a transaction is open; by default one is begun */
  function settle(objects?: IDBObjectStore): void {
    const last = works.findLast(Boolean);
    const isAway = isLeft || isHidden();
    const work = isAway ? undefined : last;
    if (isAway && key) sayLeft();
    if (letGo) write(letGo, work, objects);
    else if (work && !key) {
      key = markPrefix(prefix, address.model) + crypto.randomUUID();
      navigator.locks.request(lockOf(key), () => new Promise<void>(hold)).catch(() => {});
    }
    const listen = last || key || isLeft ? addEventListener : removeEventListener;
    for (const name of EVENTS) listen(name, onEvent, true);
  }

  function hold(release: () => void): void {
    letGo = release;
    settle();
  }

  /** Without work the lock goes when the record is gone. */
  function write(release: () => void, work: Work | undefined, given?: IDBObjectStore): void {
    const end = () => {
      key = undefined;
      release();
      settle();
    };
    letGo = work && release;
    try {
      const objects = given ?? beginIn(database as IDBDatabase);
      const { transaction } = objects;
      if (work) {
        const record: StoredMark = {
          ...work,
          threads: page.threads,
          browser: browserName(),
          library: LIBRARY_VERSION,
          pageMs: PAGE_MS,
          atMs: Date.now(),
        };
        objects.put(record, key);
      } else {
        objects.delete(key as string);
        transaction.oncomplete = end;
        transaction.onabort = () => {
          letGo = release; // the next event tries again
        };
      }
      transaction.commit(); // a page that goes away gets no more events
    } catch {
      if (database) sayLeft(); // the browser has closed the connection, and the record stays
      if (!work) end();
    }
  }

  const page: PageMark = {
    threads,
    mark,
    join(objects) {
      database = objects.transaction.db;
      settle(objects);
    },
  };
  return page;
}

function sayLeft(): void {
  try {
    localStorage[LEFT] = `${PAGE_MS} ${Date.now()}`;
  } catch {
    // a store that is blocked
  }
}

export function workOf(
  phase: Phase,
  { backend, variant, version: { release, spec } }: Contending,
): Work {
  return { phase, backend, variant: variant.name, variants: spec.variants, ...release };
}

/** A version as a variant on a backend, loaded or not. */
interface Contending {
  readonly backend: AvailableBackend;
  readonly variant: { readonly name: string };
  readonly version: Pick<OpenedVersion, 'release' | 'spec'>;
}

/** Marks what is opened and loaded beside runs as another kind of work. Its caller says when that has ended. */
export function markBeside(phase: Phase, mark: MarkWork): MarkWork {
  return (_place, work) => mark(BESIDE_RUNS, work && { ...work, phase });
}

/** A burst of runs is over when none was there for so long, ms. */
const BURST_MS = 1_000;

/**
 * Its mark is written so long after its first run was posted, ms: the answer of a small run is not kept waiting by it. What
 * takes a page's memory takes longer.
 */
const SOON_MS = 5;

/**
 * Marks bursts of runs.
 *
 * @param isBusy a run is under way
 * @returns a function to be called when a run begins, and when one has ended
 */
export function markRuns(mark: MarkWork, isBusy: () => boolean): (served: Contending) => void {
  let lastMs = 0;
  let marked: Contending | undefined;

  function endBurst(): void {
    const leftMs = isBusy() ? BURST_MS : lastMs + BURST_MS - performance.now();
    if (leftMs > 0) return void setTimeout(endBurst, leftMs);
    marked = undefined;
    mark(AT_RUNS);
  }

  return (served) => {
    lastMs = performance.now();
    if (served === marked) return;
    if (!marked) setTimeout(endBurst, BURST_MS);
    marked = served;
    setTimeout(() => mark(AT_RUNS, workOf('running', served)), SOON_MS);
  };
}
