/** Who waits is told how far a loop is this often, ms. */
const EVERY_MS = 30_000;

/**
 * Counts the turns of what takes long, and says on standard error which one begins.
 *
 * @param {string} what
 * @param {number} count
 * @param {number} [from] turns below 0 warm up
 */
export function* turns(what, count, from = 0) {
  const say = tellNowAndThen();
  for (let i = from; i < count; i += 1) {
    say(`${what}: ${i} of ${count}`);
    yield i;
  }
}

/** @returns {(line: string) => void} says a line on standard error, unless it has just said one */
export function tellNowAndThen() {
  let saidMs = performance.now();
  return (line) => {
    if (performance.now() - saidMs < EVERY_MS) return;
    saidMs = performance.now();
    console.error(line);
  };
}
