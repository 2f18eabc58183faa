/**
 * @typedef {{ name: string, value: number, interval?: [number, number], n?: number, target: string, ok: boolean }} Row
 */

/**
 * A share of simulated fleets with its exact 95 % interval (Clopper and Pearson 1934).
 *
 * @param {{ atMost?: number, atLeast?: number }} goal `atMost` holds for the upper end of the interval, but 0 for the share
 * itself; `atLeast` for the share
 * @returns {Row}
 */
export function share(name, found, has, { atMost, atLeast } = {}) {
  const n = found.length;
  const k = found.filter((one) => has(one)).length;
  const interval = exactInterval(k, n);
  const value = k / n;
  const row = { name, value, interval, n };
  if (atLeast !== undefined) return { ...row, target: `≥ ${atLeast}`, ok: value >= atLeast };
  if (atMost === 0) return { ...row, target: '0', ok: k === 0 };
  if (atMost === undefined) return { ...row, target: 'none', ok: true };
  return { ...row, target: `upper end ≤ ${atMost}`, ok: interval[1] <= atMost };
}

function exactInterval(k, n) {
  const TAIL = 0.025;
  return [
    k === 0 ? 0 : where((p) => 1 - atMostOf(k - 1, n, p) > TAIL),
    k === n ? 1 : where((p) => atMostOf(k, n, p) < TAIL),
  ];
}

/** The smallest share for which something is so. */
function where(isSo) {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i += 1) {
    const middle = (low + high) / 2;
    if (isSo(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** P(at most k of n), each with probability p. */
function atMostOf(k, n, p) {
  let term = n * Math.log1p(-p);
  let sum = Math.exp(term);
  for (let i = 1; i <= k; i += 1) {
    term += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p);
    sum += Math.exp(term);
  }
  return sum;
}
