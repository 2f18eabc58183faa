import { randomBytes } from 'node:crypto';
import { turns } from '../turns.mjs';
import { startScript } from './processes.mjs';
import { draftReport, seeded } from './reports.mjs';

/**
 * Kills the collector at a random moment while reports arrive, starts it again, sends what was not acknowledged and some
 * of what was, and so on.
 *
 * @returns how many of those acknowledged are not there in the end, and how many are there twice
 */
export async function killTrials(file, { kills, reports }) {
  const random = seeded(5);
  const waiting = new Map();
  const acknowledged = new Map();
  for (const _ of turns('kills', kills)) {
    const collector = await startScript('collector-server.mjs', file);
    for (let i = 0; i < reports; i += 1) {
      const id = randomBytes(16).toString('hex');
      const sent = Date.now();
      const report = draftReport(random, { id, t0: sent - 300_000, sent, version: '1.2.0' });
      waiting.set(id, JSON.stringify(report));
    }
    const resent = [...acknowledged].slice(-20);
    const killAfter = Math.floor(random() * (reports + resent.length));
    let answers = 0;
    let killing;
    await Promise.all(
      [...waiting, ...resent].map(async ([id, body]) => {
        if (!(await send(collector.url, body))) return;
        waiting.delete(id);
        acknowledged.set(id, body);
        answers += 1;
        if (answers > killAfter) killing ??= collector.end('SIGKILL');
      }),
    );
    await (killing ?? collector.end('SIGKILL'));
  }
  const collector = await startScript('collector-server.mjs', file);
  for (const [id, body] of waiting) if (await send(collector.url, body)) acknowledged.set(id, body);
  const answer = await fetch(`${collector.url}/v1/fleet/latency?model=digits`);
  const counted = (await answer.json()).total.reports;
  await collector.end();
  return {
    lost: Math.max(0, acknowledged.size - counted),
    twice: Math.max(0, counted - acknowledged.size),
  };
}

async function send(url, body) {
  try {
    return (await fetch(`${url}/v1/reports`, { method: 'POST', body })).status === 204;
  } catch {
    return false;
  }
}
