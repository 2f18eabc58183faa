/** Pairs of times in ms, in an order drawn anew for each, in the order of the contenders. */
export async function compare(contenders, { pairs, warmUps }) {
  for (let i = 0; i < warmUps; i += 1) for (const run of contenders) await run();
  const measured = [];
  for (let i = 0; i < pairs; i += 1) {
    const order = Math.random() < 0.5 ? [0, 1] : [1, 0];
    const times = [];
    for (const index of order) {
      const start = performance.now();
      await contenders[index]();
      times[index] = performance.now() - start;
    }
    measured.push(times);
  }
  return measured;
}
