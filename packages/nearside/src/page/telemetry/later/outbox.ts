import type { LossReason, Report, Store } from '@nearside/core';
import type { ReceiveReport } from '../../../shared/api/open-options.js';
import { isSendable } from './seal-report.js';

const DAY_MS = 86_400_000;

/** Limits of what waits to be sent. */
export const OUTBOX_LIMITS: WaitingLimits = Object.freeze({
  /** About a month of heavy use of one model, 0.5 MB. */
  items: 500,
  /** Older reports are dropped and said so, ms. */
  ageMs: 14 * DAY_MS,
});

/** A report is stored with this beside it. */
export interface Alongside {
  /** It was sent as the page was left, and nobody knows yet if it has arrived. */
  readonly isUnderWay: boolean;
  readonly entries?: ReadonlyMap<string, unknown>;
}

/** A report as it waits. */
interface Waiting extends Pick<Alongside, 'isUnderWay'> {
  readonly report: Report;
}

/** Sealed reports that wait for delivery, oldest first. They survive a reload and a crash. */
export interface Outbox {
  /**
   * Stores a report in one step that begins at once: a page that is being closed has no time for a second one.
   *
   * @returns false when it is too large to be sent, and was dropped
   */
  put(report: Report, alongside: Alongside): Promise<boolean>;
  /** Nobody has answered for a report that was under way. One that was deleted meanwhile stays so. */
  keepWaiting(report: Report): Promise<void>;
  /** The key that a report is stored under. */
  keyOf(report: Report): string;
  /** Keys of reports that may be sent, oldest first. Too old ones and too many are dropped. */
  keys(): Promise<string[]>;
  get(key: string): Promise<Report | undefined>;
  remove(key: string): Promise<void>;
  /** Deletes all that waits. */
  clear(): Promise<void>;
  /** Lets any outbox of the same receivers send the reports that still wait. */
  release(): void;
}

/** Reports that are for nobody but a function of this page, by their keys, while the model is open that it was given to. */
const OWNERS = new Map<string, ReceiveReport>();

/**
 * @param receivers names of those that these reports are for: models of one page may report to different
 *   ones, and none must see another's
 * @param owner the function that these reports are for: a name cannot tell one from another
 */
export function openOutbox(
  store: Store,
  options: {
    receivers: readonly string[];
    owner?: ReceiveReport | undefined;
    onDropped: (id: string, reason: LossReason) => void;
  },
): Outbox {
  const { receivers, owner, onDropped } = options;
  const waiting = openWaiting<Waiting>(store, 'r', { receivers, limits: OUTBOX_LIMITS });
  const keyOf = ({ t0, id }: Report) => waiting.keyOf(t0, id);

  async function drop(keys: readonly string[], reason: LossReason): Promise<void> {
    for (const key of keys) {
      const dropped = await waiting.get(key);
      await waiting.remove(key);
      if (!dropped?.isUnderWay) onDropped(waiting.idOf(key), reason);
    }
  }

  return {
    ...waiting,
    async put(report, { isUnderWay, entries = new Map() }) {
      if (!isSendable(report)) {
        onDropped(report.id, 'too-large');
        return false;
      }
      const item: Waiting = { report, isUnderWay };
      if (owner) OWNERS.set(keyOf(report), owner);
      await store.commit({ set: new Map<string, unknown>([...entries, [keyOf(report), item]]) });
      return true;
    },
    keepWaiting(report) {
      const key = keyOf(report);
      const item: Waiting = { report, isUnderWay: false };
      return store.transact([key], ([stored]) =>
        stored ? { set: new Map([[key, item]]) } : undefined,
      );
    },
    keyOf,
    async keys() {
      const { kept, tooOld, tooMany } = await waiting.sort();
      await drop(tooOld, 'too-old');
      await drop(tooMany, 'outbox-full');
      return kept.filter((key) => (OWNERS.get(key) ?? owner) === owner);
    },
    get: async (key) => (await waiting.get(key))?.report,
    remove(key) {
      OWNERS.delete(key);
      return waiting.remove(key);
    },
    release() {
      for (const [key, one] of OWNERS) if (one === owner) OWNERS.delete(key);
    },
  };
}

/** Limits of what waits for collectors. */
export interface WaitingLimits {
  /** So many items at most. */
  readonly items: number;
  readonly ageMs: number;
}

/** Items that wait for some collectors, by keys that sort as their moments do. */
export function openWaiting<Item>(
  store: Store,
  kind: 'r' | 't',
  { receivers, limits }: { receivers: readonly string[]; limits: WaitingLimits },
) {
  // Without the query: a token in it changes, and what waits stays.
  const names = receivers.map((receiver) => receiver.split('?')[0]);
  const prefix = `${kind}/${encodeURIComponent(names.join(' '))}/`;
  const partsOf = (key: string) => key.slice(prefix.length).split('-');

  return {
    /** @param atMs Unix time */
    keyOf: (atMs: number, id: string) =>
      `${prefix}${String(Math.round(atMs)).padStart(15, '0')}-${id}`,
    idOf: (key: string) => partsOf(key)[1] ?? key,
    /** Keys, oldest first: of what may be sent, what is too old, and what is too much. */
    async sort() {
      const keys = await store.keys(prefix);
      const oldest = Date.now() - limits.ageMs;
      const latest = Date.now() + DAY_MS; // later ones were dated by a clock that was ahead
      const isFresh = (key: string) => {
        const atMs = Number(partsOf(key)[0]);
        return atMs >= oldest && atMs <= latest;
      };
      const fresh = keys.filter(isFresh);
      return {
        kept: fresh.slice(-limits.items),
        tooOld: keys.filter((key) => !isFresh(key)),
        tooMany: fresh.slice(0, -limits.items),
      };
    },
    get: async (key: string) => (await store.get(key)) as Item | undefined,
    remove: (key: string) => store.commit({ delete: [key] }),
    clear: async () => store.commit({ delete: await store.keys(prefix) }),
  };
}

/** Deletes all that waits of a model, for whichever collectors: their addresses may have changed since. */
export async function clearModel(store: Store, model: string): Promise<void> {
  const keys = [...(await store.keys('r/')), ...(await store.keys('t/'))];
  const items = await Promise.all(keys.map((key) => store.get(key)));
  const nameOf = (item: unknown) => {
    const { report, model } = (item ?? {}) as Partial<Waiting & { model: string }>;
    return report?.dimensions.model ?? model;
  };
  await store.commit({ delete: keys.filter((_, i) => nameOf(items[i]) === model) });
}
