import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { addressOfAll, startPostgres } from '../../scripts/services/postgres.mjs';
import { freePort, until } from '../../scripts/services/service.mjs';
import { draftReport, seeded } from '../collector/reports.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { startCommand } from './collector.mjs';

const REPORTS = sized(40_000, 1000);
const SENDERS = 64;
/** One of the two collectors is killed so often, and halfway the primary. */
const KILLS = sized(12, 2);
/** So many of those acknowledged are sent again, to the other collector. */
const RESENT = 0.1;
/** Devices wait for minutes. */
const RETRY_MS = 50;

/**
 * Two collectors on one database take reports while one or the other is killed, and once the primary, whose synchronous
 * standby is then promoted. A report that was not acknowledged is sent to the other one.
 */
export async function* databaseKills(_dir, { reports = REPORTS } = {}) {
  const primary = await startPostgres();
  const standby = await primary.startStandby();
  const ofPrimary = await primary.createDatabase();
  const address = addressOfAll([primary, standby], ofPrimary);
  const ofStandby = addressOfAll([standby], ofPrimary);
  const collectors = await Promise.all([startOn(address), startOn(address)]);
  const sent = await sendAll(reports, {
    send: (body, i) => post(collectors[i % 2].url, body),
    atShare: async (kill) => {
      await collectors[kill % 2].kill();
      if (kill === KILLS / 2) {
        await primary.kill();
        await standby.promote();
      }
    },
  });
  // a keeper that was killed last is followed by another, which adds the log to the tables
  const isFolded = async () =>
    (await standby.query('SELECT n FROM log LIMIT 1', ofStandby)).length === 0;
  await until(isFolded, { withinMs: 300_000, what: () => 'an empty log' });
  const counted = await countsOf(collectors[0].url);
  for (const collector of collectors) await collector.end();
  for (const postgres of [primary, standby]) await postgres.close();
  console.error(`database-kills: ${sent.failures} times no answer or 503, ${sent.resent} resent`);
  const misses = [...sent.acknowledged].map(([version, n]) => n - (counted.get(version) ?? 0));
  const sum = (of) => of.filter((n) => n > 0).reduce((total, n) => total + n, 0);
  const unit = `of ${reports} reports, ${KILLS} kills of collectors, one of the primary`;
  yield row('postgres-lost', { value: sum(misses), unit: `lost ${unit}`, atMost: 0 });
  const twice = sum(misses.map((n) => -n));
  yield row('postgres-twice', { value: twice, unit: `twice ${unit}`, atMost: 0 });
}

/** A collector that comes back on its port. */
async function startOn(address) {
  const port = await freePort();
  const start = () => startCommand('--database', address, '--port', String(port));
  let running = await start();
  return {
    url: running.url,
    async kill() {
      await running.end('SIGKILL');
      running = await start();
    },
    end: () => running.end(),
  };
}

/** Sends them all until each is acknowledged, and does something at each of `KILLS` shares of them. */
async function sendAll(reports, { send, atShare }) {
  const random = seeded(5);
  const acknowledged = new Map();
  let [next, done, failures, resent] = [0, 0, 0, 0];
  const kills = [];

  async function sendUntilAcknowledged(body, first) {
    for (let i = first; ; i += 1) {
      if (await send(body, i)) return;
      failures += 1;
      await wait(RETRY_MS);
    }
  }

  async function sendSome() {
    while (next < reports) {
      const i = next++;
      const sent = Date.now();
      const id = randomBytes(16).toString('hex');
      const report = draftReport(random, { id, t0: sent - 300_000, sent });
      const { version } = report.dimensions;
      const body = JSON.stringify(report);
      await sendUntilAcknowledged(body, i);
      acknowledged.set(version, (acknowledged.get(version) ?? 0) + 1);
      done += 1;
      if (done % Math.ceil(reports / (KILLS + 1)) === 0) kills.push(atShare(kills.length + 1));
      if (random() < RESENT) {
        resent += 1;
        await sendUntilAcknowledged(body, i + 1);
      }
    }
  }

  await Promise.all(Array.from({ length: SENDERS }, sendSome));
  await Promise.all(kills);
  return { acknowledged, failures, resent };
}

/** By version. */
async function countsOf(url) {
  const { versions } = await (await fetch(`${url}/v1/fleet/latency?model=digits`)).json();
  return new Map(versions.map(({ version, reports }) => [version, reports]));
}

async function post(url, body) {
  try {
    return (await fetch(`${url}/v1/reports`, { method: 'POST', body })).status === 204;
  } catch {
    return false;
  }
}
