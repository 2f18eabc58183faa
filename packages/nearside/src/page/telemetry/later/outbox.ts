import { type LossReason, MAX_REPORT_BYTES, type Report, type Store } from '@nearside/core';
import { sizeOf } from './seal-report.js';

const DAY_MS = 86_400_000;

/** Limits of what waits to be sent. */
export const OUTBOX_LIMITS = Object.freeze({
  /** About a month of heavy use of one model, 0.5 MB. */
  reports: 500,
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
}

/**
 * @param endpoints the collectors these reports are for: models of one page may report to different
 *   ones, and none must see another's
 */
export function openOutbox(
  store: Store,
  options: { endpoints: readonly string[]; onDropped: (id: string, reason: LossReason) => void },
): Outbox {
  const { endpoints, onDropped } = options;
  const prefix = waitingPrefix('r', endpoints);
  const partsOf = (key: string) => key.slice(prefix.length).split('-');

  const keyOf = ({ t0, id }: Report) => `${prefix}${String(t0).padStart(15, '0')}-${id}`;
  const read = async (key: string) => (await store.get(key)) as Waiting | undefined;

  async function drop(key: string, reason: LossReason): Promise<void> {
    const waiting = await read(key);
    await store.commit({ delete: [key] });
    if (!waiting?.isUnderWay) onDropped(partsOf(key)[1] ?? key, reason);
  }

  return {
    async put(report, { isUnderWay, entries = new Map() }) {
      if (sizeOf(report) > MAX_REPORT_BYTES) {
        onDropped(report.id, 'too-large');
        return false;
      }
      const waiting: Waiting = { report, isUnderWay };
      await store.commit({ set: new Map<string, unknown>([...entries, [keyOf(report), waiting]]) });
      return true;
    },
    keepWaiting(report) {
      const key = keyOf(report);
      const waiting: Waiting = { report, isUnderWay: false };
      return store.transact([key], ([stored]) =>
        stored ? { set: new Map([[key, waiting]]) } : undefined,
      );
    },
    keyOf,
    async keys() {
      const keys = await store.keys(prefix);
      const oldest = Date.now() - OUTBOX_LIMITS.ageMs;
      const latest = Date.now() + DAY_MS; // later ones were dated by a clock that was ahead
      const isFresh = (key: string) =>
        Number(partsOf(key)[0]) >= oldest && Number(partsOf(key)[0]) <= latest;
      const fresh = keys.filter(isFresh);
      const kept = fresh.slice(-OUTBOX_LIMITS.reports);
      for (const key of keys.filter((key) => !isFresh(key))) await drop(key, 'too-old');
      for (const key of fresh.slice(0, fresh.length - kept.length)) await drop(key, 'outbox-full');
      return kept;
    },
    get: async (key) => (await read(key))?.report,
    remove: (key) => store.commit({ delete: [key] }),
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

/** Keys of waiting items begin with their collectors, without the query: a token in it changes, and what waits stays. */
export function waitingPrefix(kind: 'r' | 't', endpoints: readonly string[]): string {
  const addresses = endpoints.map((endpoint) => endpoint.split('?')[0]);
  return `${kind}/${encodeURIComponent(addresses.join(' '))}/`;
}
