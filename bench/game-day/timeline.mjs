/** What a timeline has, in order: as `docs/operating/postmortem.md` names it. */
const MOMENTS = [
  'released',
  'first device',
  'detected',
  'verdict',
  'taken back',
  'last device well',
];

/** When what happened, by the moved clock. */
export function openTimeline(now) {
  const atMs = new Map();
  return {
    /** Only the first time counts. */
    note(moment, when = now()) {
      if (!atMs.has(moment)) atMs.set(moment, when);
    },
    /** The last time counts. */
    noteLast(moment, when = now()) {
      atMs.set(moment, when);
    },
    has: (moment) => atMs.has(moment),
    /** @returns {{ what: string, at: string | null, after: string | null, afterMs: number | null }[]} null for what did not happen */
    moments() {
      const startMs = Math.min(...atMs.values());
      return MOMENTS.map((what) => {
        const at = atMs.get(what);
        if (at === undefined) return { what, at: null, after: null, afterMs: null };
        const afterMs = at - startMs;
        return { what, at: new Date(at).toISOString(), after: inWords(afterMs), afterMs };
      });
    },
  };
}

/** As `1 h 05 min`, or `12 s`. */
export function inWords(ms) {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return `${Math.round(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
