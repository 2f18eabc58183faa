import { row } from '../row.mjs';

/** All of it, on two cores. */
const MOST_MINUTES = 15;
/** From the act to the last of five open browsers that look every 5 s. */
const WAY_BACK_MS = 15_000;

/** Lines of a game day's results. */
export function rowsOf(incidents, { minutes }) {
  const rows = incidents.map(({ name, checks }) =>
    row(name, {
      value: checks.filter(({ ok }) => !ok).length,
      unit: `of ${checks.length} checks failed`,
      atMost: 0,
    }),
  );
  const waysBack = incidents.flatMap(({ wayBackMs }) => wayBackMs ?? []).sort((a, b) => a - b);
  if (waysBack.length > 0) {
    const place = Math.ceil(0.95 * waysBack.length) - 1;
    rows.push(
      row('rollback-p95-ms', {
        value: waysBack[place],
        unit: `ms, of ${waysBack.length} ways back`,
        atMost: WAY_BACK_MS,
      }),
    );
  }
  return [...rows, row('game-day-minutes', { value: minutes, unit: 'min', atMost: MOST_MINUTES })];
}
