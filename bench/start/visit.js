// One visit, as the query's `how` tells it: opens a model, runs it, and says when what was there.
import { INPUTS } from './inputs.js';

const how = JSON.parse(new URLSearchParams(location.search).get('how'));

async function visit() {
  const openModel = await openerOf(how);
  const progress = [];
  const onProgress = ({ ratio }) => progress.push({ atMs: performance.now(), ratio });
  const startMs = performance.now();
  const run = await openModel({ ...how, onProgress });
  const openedMs = performance.now();
  await run(INPUTS[how.model]());
  const firstResultMs = performance.now();
  const stretches = [];
  for (const stretch of how.stretches ?? []) {
    globalThis.stretch = stretches.length;
    stretches.push(await measure(run, stretch));
  }
  const { timeOrigin } = performance;
  return { timeOrigin, startMs, openedMs, firstResultMs, stretches, progress };
}

/** The peer is loaded only where it is asked for, and so is the library. */
async function openerOf({ by }) {
  const { openRaw, openOurs } = by === 'raw' ? await import('./raw.js') : await import('./ours.js');
  return openOurs ?? openRaw;
}

/** @returns times of `runs` runs, ms, each after a pause */
async function measure(run, { runs, pauseMs = 0 }) {
  const times = [];
  for (let i = 0; i < runs; i += 1) {
    if (pauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const inputs = INPUTS[how.model]();
    const startMs = performance.now();
    await run(inputs);
    times.push(performance.now() - startMs);
  }
  return times;
}

const seen = await visit().catch((error) => ({ error: `${error.code ?? ''} ${error.message}` }));
document.body.textContent = JSON.stringify(seen);
document.documentElement.dataset.state = 'done';
