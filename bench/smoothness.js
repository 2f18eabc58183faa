/** How long a task may hold the main thread without counting as blocking (Long Tasks, W3C), ms. */
const LONG_TASK_MS = 50;

/**
 * What the main thread did while something went on: long tasks, the part of them over 50 ms, frames that it missed.
 *
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{ longTasks: number, longestMs: number, blockingMs: number, droppedFrames: number }>}
 */
export async function watchSmoothness(work) {
  const durations = [];
  const calledMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve)); // the task that called is none of it
  const observer = new PerformanceObserver((list) => {
    const tasks = list.getEntries().filter(({ startTime }) => startTime >= calledMs);
    durations.push(...tasks.map(({ duration }) => duration));
  });
  observer.observe({ type: 'longtask' });
  const frames = countDroppedFrames();
  await work();
  await new Promise((resolve) => setTimeout(resolve, 100)); // entries come after their task
  observer.disconnect();
  return {
    longTasks: durations.length,
    longestMs: Math.max(0, ...durations),
    blockingMs: durations.reduce((sum, ms) => sum + Math.max(0, ms - LONG_TASK_MS), 0),
    droppedFrames: frames.stop(),
  };
}

/** Frames of 60 a second that did not come. */
function countDroppedFrames() {
  const frameMs = 1000 / 60;
  let dropped = 0;
  let lastMs;
  let handle = requestAnimationFrame(onFrame);
  function onFrame(nowMs) {
    if (lastMs !== undefined) dropped += Math.max(0, Math.round((nowMs - lastMs) / frameMs) - 1);
    lastMs = nowMs;
    handle = requestAnimationFrame(onFrame);
  }
  return {
    stop() {
      cancelAnimationFrame(handle);
      return dropped;
    },
  };
}
