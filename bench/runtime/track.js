import { showInDevTools } from 'nearside/devtools';

/**
 * Pairs of times in ms of the same model's runs, with its track in the performance panel and without, in an order drawn anew
 * for each. Nobody records.
 */
export async function measureTrack(model, run, { pairs, warmUps }) {
  async function time(isShown) {
    const stop = showInDevTools(model);
    if (!isShown) stop(); // so that the opening is drawn before either
    await Promise.resolve(); // the track begins in the next microtask
    const start = performance.now();
    await run();
    const tookMs = performance.now() - start;
    stop();
    return tookMs;
  }
  const measured = [];
  for (let i = -warmUps; i < pairs; i += 1) {
    const order = Math.random() < 0.5 ? [true, false] : [false, true];
    const times = new Map();
    for (const isShown of order) times.set(isShown, await time(isShown));
    if (i >= 0) measured.push([times.get(true), times.get(false)]);
  }
  return measured;
}
