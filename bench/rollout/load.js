// A page that runs its model without a pause, and counts how each run ended. After it has slept it looks for another version
// before it runs again.
import { open } from 'nearside';
import { drawOne } from '../draw-one.js';

/** So many callers wait for a result at any time. */
const CALLERS = 4;
/** A page that did nothing for so long has slept. */
const SLEPT_MS = 2_000;

/** @param {{ url: string, trust: string }} address of the model */
globalThis.begin = async ({ url, trust }) => {
  const policy = { update: 'manual', restHiddenMs: Infinity };
  const model = await open(url, { trust, tune: 'off', policy });
  // `runsAwake`: those that began after the first look since it woke; what was under way when it fell asleep is in `runs` alone
  const seen = { runs: {}, failed: {}, runsAwake: undefined };
  let looking;
  let lastMs = performance.now();

  async function keepCalling() {
    for (;;) {
      const hasSlept = performance.now() - lastMs > SLEPT_MS;
      lastMs = performance.now();
      if (hasSlept) looking ??= wakeUp();
      await looking;
      const counts = [seen.runs, seen.runsAwake].filter(Boolean);
      try {
        const { meta } = await model.run(drawOne());
        for (const runs of counts) runs[meta.version] = (runs[meta.version] ?? 0) + 1;
      } catch ({ code, message }) {
        seen.failed[code ?? message] = (seen.failed[code ?? message] ?? 0) + 1;
      }
    }
  }

  async function wakeUp() {
    await model.update();
    seen.runsAwake = {};
    looking = undefined;
  }

  for (let i = 0; i < CALLERS; i += 1) void keepCalling();
  globalThis.seen = () => seen;
  globalThis.forgetSleep = () => {
    seen.runsAwake = undefined;
  };
  globalThis.update = async () => (await model.update())?.version;
};

document.documentElement.dataset.state = 'ready';
