import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '@nearside/core';
import { expect, onTestFinished, test } from 'vitest';
import { addressOfAll, startPostgres } from '../../../../scripts/services/postgres.mjs';
import { until } from '../../../../scripts/services/service.mjs';
import { BUILT_COMMAND, startKillable } from '../testing/killable-collector.js';
import { sampleReport } from '../testing/sample-report.js';
import type { KillableCollector } from '../testing/store-kills.js';

/** A device waits for minutes. */
const RETRY_MS = 100;

async function postgresOfTest() {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.close());
  return postgres;
}

async function startTwo(address: string): Promise<KillableCollector[]> {
  const start = () => startKillable(BUILT_COMMAND, ['--database', address]);
  const collectors = await Promise.all([start(), start()]);
  onTestFinished(async () => {
    for (const { kill } of collectors) await kill();
  });
  return collectors;
}

/** Writes until there is room for nothing more. */
function fillDisk(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (const bytes of [1_000_000, 4096]) {
      const block = Buffer.alloc(bytes);
      try {
        while (writeSync(descriptor, block) === bytes);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

function freshReport(): Report {
  return sampleReport({ t0: Date.now() - 300_000, sent: Date.now() });
}

function send({ url }: KillableCollector, report: Report): Promise<Response> {
  return fetch(`${url}/v1/reports`, { method: 'POST', body: JSON.stringify(report) });
}

/** Sends until it is acknowledged, to one collector after the other. @returns how often it was not */
async function deliver(collectors: readonly KillableCollector[], report: Report, first: number) {
  for (let tries = 0; ; tries += 1) {
    const collector = collectors[(first + tries) % collectors.length] as KillableCollector;
    const answer = await send(collector, report).catch(() => undefined);
    if (answer?.status === 204) return tries;
    if (answer) expect(answer.status).toBe(503);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Delivers reports one after the other in some lanes, and each fifth twice, while something happens. */
async function deliverWhile(collectors: readonly KillableCollector[], fault: () => Promise<void>) {
  const reports: Report[] = [];
  let isOver = false;
  let refused = 0;
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    while (!isOver) {
      const report = freshReport();
      reports.push(report);
      refused += await deliver(collectors, report, lane);
      if (reports.length % 5 === 0) refused += await deliver(collectors, report, lane + 1);
    }
  });
  await until(() => reports.length > 100);
  await fault();
  const before = reports.length;
  await until(() => reports.length > before + 100);
  isOver = true;
  await Promise.all(lanes);
  return { sent: reports.length, refused };
}

async function expectCounted(collectors: readonly KillableCollector[], sent: number) {
  for (const { url } of collectors) {
    let total = 0;
    const isThere = async () => {
      const answer = await fetch(`${url}/v1/fleet/latency?model=digits`);
      if (!answer.ok) return false;
      ({ reports: total } = ((await answer.json()) as { total: { reports: number } }).total);
      return total >= sent;
    };
    await until(isThere, {
      withinMs: 20_000,
      what: () => `${sent} reports at ${url}, got ${total}`,
    });
    expect(total).toBe(sent);
  }
}

const status = async (url: string) => (await fetch(url)).status;

test('while the database is gone a collector answers 503 with Retry-After and is not ready, and goes on by itself when it is back', async () => {
  const postgres = await postgresOfTest();
  const [collector] = (await startTwo(await postgres.createDatabase())) as [KillableCollector];
  await deliver([collector], freshReport(), 0);
  await postgres.stop();
  const report = freshReport();
  const refused = await send(collector, report);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.text()).not.toMatch(/postgres:\/\/|127\.0\.0\.1:\d+/);
  await until(async () => (await status(`${collector.url}/readyz`)) === 503);
  expect(await status(`${collector.url}/healthz`)).toBe(200);
  await postgres.start();
  await deliver([collector], report, 0);
  await expectCounted([collector], 2);
  await until(async () => (await status(`${collector.url}/readyz`)) === 200);
});

test.each([
  ['is restarted', async (postgres: Awaited<ReturnType<typeof startPostgres>>) => postgres.stop()],
  ['is killed and starts again', async (postgres) => postgres.kill()],
])(
  'a database that %s while two collectors take reports loses none that was acknowledged, and doubles none',
  async (_how, end) => {
    const postgres = await postgresOfTest();
    const collectors = await startTwo(await postgres.createDatabase());
    const { sent, refused } = await deliverWhile(collectors, async () => {
      await end(postgres);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await postgres.start();
    });
    expect(refused).toBeGreaterThan(0);
    await expectCounted(collectors, sent);
  },
);

test.skipIf(process.getuid?.() !== 0)(
  'a database whose disk is full acknowledges nothing that it cannot keep, and goes on when there is room',
  // only root can make a disk that is full
  async () => {
    const postgres = await startPostgres({ diskMb: 200, settings: { min_wal_size: '32MB' } });
    onTestFinished(() => postgres.close());
    const collectors = await startTwo(await postgres.createDatabase());
    const filler = join(postgres.data, '..', 'filler');
    const more: Report[] = [];
    const { sent } = await deliverWhile(collectors, async () => {
      fillDisk(filler);
      const refuses = async () => {
        const report = freshReport();
        more.push(report);
        return (await send(collectors[0] as KillableCollector, report)).status === 503;
      };
      await until(refuses, { everyMs: 0 });
      rmSync(filler);
      // it ends where its log finds no room either
      if (!postgres.isRunning) await postgres.start();
      for (const report of more) await deliver(collectors, report, 0);
    });
    await expectCounted(collectors, sent + more.length);
  },
);

test('a database that hangs is given up, and what it did or did not do meanwhile counts once', async () => {
  const postgres = await postgresOfTest();
  const collectors = await startTwo(await postgres.createDatabase());
  const report = freshReport();
  const { sent } = await deliverWhile(collectors, async () => {
    postgres.freeze();
    expect((await send(collectors[0] as KillableCollector, report)).status).toBe(503);
    postgres.thaw();
    await deliver(collectors, report, 1);
  });
  await expectCounted(collectors, sent + 1);
});

test('collectors that know of several hosts follow a promoted standby, which has all that its killed primary acknowledged, once', async () => {
  const primary = await postgresOfTest();
  const standby = await primary.startStandby();
  onTestFinished(() => standby.close());
  const address = addressOfAll([primary, standby], await primary.createDatabase());
  const collectors = await startTwo(address);
  const { sent } = await deliverWhile(collectors, async () => {
    await primary.kill();
    await standby.promote();
  });
  await expectCounted(collectors, sent);
  // one that starts now finds it too
  const [late] = (await startTwo(address)) as [KillableCollector];
  await expectCounted([late], sent);
});
