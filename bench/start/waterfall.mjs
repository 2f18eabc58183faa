/** Characters for the time from navigation to the first result. */
const WIDTH = 48;

/**
 * What a first visit asks for until its first result.
 *
 * @param {import('../runtime/slow-link.mjs').Transfer[]} transfers
 * @param {{ timeOrigin: number, firstResultMs: number }} visit
 */
export function askedUntilResult(transfers, { timeOrigin, firstResultMs }) {
  return transfers
    .map(({ path, askedMs, endedMs, bytes }) => {
      const [name] = (path.split('/').at(-1) || 'index.html').split('?');
      return { name, bytes, fromMs: askedMs - timeOrigin, toMs: endedMs - timeOrigin };
    })
    .filter(({ fromMs }) => fromMs < firstResultMs);
}

/** One line for each: when it came, how much it was, its name. */
export function drawWaterfall(asked, { firstResultMs }) {
  const at = (ms) => Math.round((WIDTH * Math.min(ms, firstResultMs)) / firstResultMs);
  return asked
    .map(({ name, bytes, fromMs, toMs }) => {
      const [from, to] = [at(Math.max(0, fromMs)), at(toMs)];
      const bar = `${' '.repeat(from)}${'█'.repeat(Math.max(1, to - from))}`.padEnd(WIDTH + 1);
      return `${bar}│ ${String(bytes).padStart(9)} B  ${Math.round(fromMs)}–${Math.round(toMs)} ms  ${name}`;
    })
    .join('\n');
}
