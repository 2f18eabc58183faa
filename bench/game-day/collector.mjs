import { writeFile } from 'node:fs/promises';
import { startFleetCollector } from '../fleet/collector.mjs';
import { WINDOW_MS } from './crowd.mjs';
import { MODEL, SHIPPED } from './versions.mjs';

/** Requests under way. */
const AT_ONCE = 32;
const DAY_MS = 86_400_000;
const TARGETS = { successRate: 0.985 };
const PRICES = { currency: 'EUR', serverPerMillionInferences: 40, cdnPerGigabyte: 0.03 };

/**
 * A collector whose clock is the stage's. It can be stopped, and started again at the same address.
 *
 * @param {string} dir where its file is
 * @param {{ models: string, now: () => number }} options `models`: the file of facts
 */
export async function openCollector(dir, { models, now }) {
  const files = { models, slo: `${dir}/slo.json`, prices: `${dir}/prices.json` };
  await writeFile(files.slo, JSON.stringify(TARGETS));
  await writeFile(files.prices, JSON.stringify(PRICES));
  const file = `${dir}/collector.sqlite`;
  const start = (port) =>
    startFleetCollector(file, { ...files, nowMs: now(), looksEveryMs: WINDOW_MS, port });
  let running = await start(0);
  const { url, port } = running;
  return {
    url,
    file,
    isUp: () => running !== undefined,
    /** Reports of a window come in, and it looks for findings. */
    async hear(reports) {
      await running.moveClock(now());
      await sendAll(reports, { collector: running, nowMs: now() });
      await running.look();
    },
    /** What it says of the model, and of what was shipped. */
    async say() {
      const query = new URLSearchParams({ model: MODEL, from: now() - DAY_MS, to: now() + 1 });
      const { rollouts } = await running.read(`/v1/fleet/canary?${query}`);
      const { findings, verdicts } = await running.read(`/v1/fleet/findings?${query}`);
      const rollout = rollouts.find(({ version }) => version === SHIPPED);
      return { rollout, findings, verdicts };
    },
    async learnFacts() {
      await running?.reloadModels();
    },
    async stop() {
      const stopped = running;
      running = undefined;
      await stopped.close();
    },
    async startAgain() {
      running = await start(port);
    },
    async close() {
      await running?.close();
    },
  };
}

/** As so many connections do. A report says when it is sent by its device's clock. */
async function sendAll(reports, { collector, nowMs }) {
  async function sendOn() {
    for (let next = reports.pop(); next; next = reports.pop()) {
      const { report, skewMs } = next;
      const status = await collector.send({ ...report, sent: Math.round(nowMs + skewMs) });
      if (status !== 204) throw new Error(`expected 204, got ${status}`);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sendOn));
}
