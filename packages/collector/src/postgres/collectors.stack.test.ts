import { type Report, sum } from '@nearside/core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startPostgres } from '../../../../scripts/services/postgres.mjs';
import { until } from '../../../../scripts/services/service.mjs';
import { NAME_LIMITS } from '../counting/name-rows.js';
import { createNames } from '../counting/names.js';
import { factsOf } from '../testing/fleet-store.js';
import { BUILT_COMMAND, startKillable } from '../testing/killable-collector.js';
import { sampleContribution, sampleReport } from '../testing/sample-report.js';
import type { KillableCollector } from '../testing/store-kills.js';
import { Connections } from './connections.js';
import { openPostgresRollupStore, type PostgresOptions } from './postgres-rollup-store.js';
import { LOCKS } from './schema.js';
import type { Session } from './session.js';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

async function startCollector(address: string): Promise<KillableCollector> {
  const collector = await startKillable(BUILT_COMMAND, ['--database', address]);
  onTestFinished(collector.kill);
  return collector;
}

async function openStore(address: string, options: PostgresOptions = {}) {
  const store = await openPostgresRollupStore(address, options);
  onTestFinished(() => store.close());
  return store;
}

/** Runs statements as nobody's collector. */
async function ask(address: string, work: (session: Session) => Promise<unknown>): Promise<void> {
  const connections = new Connections(address, { most: 1, answerMs: 5000 });
  await connections.use(work);
  await connections.close();
}

function freshReport(): Report {
  return sampleReport({ t0: Date.now() - 300_000, sent: Date.now() });
}

async function send({ url }: KillableCollector, report: Report): Promise<number> {
  const body = JSON.stringify(report);
  return (await fetch(`${url}/v1/reports`, { method: 'POST', body })).status;
}

/** Sends again until it is acknowledged, as a device does. */
async function deliver(collector: KillableCollector, report: Report): Promise<void> {
  await until(async () => (await send(collector, report)) === 204);
}

async function counted({ url }: KillableCollector): Promise<number> {
  const answer = await fetch(`${url}/v1/fleet/latency?model=digits`);
  const { total } = (await answer.json()) as { total: { reports: number } | null };
  return total?.reports ?? 0;
}

test('the same reports sent to two collectors at once are each counted once, and both tell the same', async () => {
  const address = await postgres.createDatabase();
  const both = await Promise.all([startCollector(address), startCollector(address)]);
  const reports = Array.from({ length: 200 }, freshReport);
  const turned = reports.toReversed();
  const sent = both.flatMap((collector, i) =>
    (i === 0 ? reports : turned).map((report) => deliver(collector, report)),
  );
  await Promise.all(sent);
  for (const collector of both) expect(await counted(collector)).toBe(200);
});

test('a collector that is told to end does so with 0', async () => {
  const collector = await startCollector(await postgres.createDatabase());
  await deliver(collector, freshReport());
  expect(await collector.end()).toBe(0);
});

test('when the keeper is killed another collector takes over within ten seconds, and nothing is lost or counted twice', async () => {
  const address = await postgres.createDatabase();
  const keeper = await startCollector(address);
  const other = await startCollector(address);
  const reports = Array.from({ length: 300 }, freshReport);
  const answers = reports.map(async (report, i) => {
    if (i === 150) await keeper.kill();
    return send(i % 2 === 0 ? keeper : other, report).catch(() => 0);
  });
  await Promise.all(answers);
  await Promise.all(reports.map((report) => deliver(other, report)));
  await until(async () => (await counted(other)) === 300, { withinMs: 10_000 });
});

test('a keeper that hangs, or whose network is cut, loses the lock to another within ten seconds', async () => {
  const address = await postgres.createDatabase();
  const keeper = await startCollector(address);
  const store = await openStore(address);
  expect(await store.isKeeper()).toBe(false);
  keeper.signal('SIGSTOP');
  await until(() => store.isKeeper(), { withinMs: 10_000 });
  keeper.signal('SIGCONT');
  expect(await send(keeper, freshReport())).toBe(204);
  await until(async () => (await counted(keeper)) === 1, { withinMs: 10_000 });
});

test('a row of the log that cannot be read is set aside and told of once, and the others are counted', async () => {
  const address = await postgres.createDatabase();
  const errors: string[] = [];
  const store = await openStore(address, { onError: (error) => errors.push(String(error)) });
  await ask(address, (session) =>
    session.query(`INSERT INTO log (contributions) VALUES ('[{"id"'), ('[{"id":"1"}]')`),
  );
  await store.add([sampleContribution()]);
  await store.settle();
  await store.settle();
  expect((await store.totals())[0]?.counts.punctual?.reports).toBe(1);
  expect(errors).toHaveLength(2);
  expect(errors.join()).toMatch(/row 1 of the log could not be counted.*log_unreadable/);
});

test('when no row can be counted all but a few stay in the log, that is told, and the next start counts those that were set aside too', async () => {
  const address = await postgres.createDatabase();
  const errors: string[] = [];
  const setAside: number[] = [];
  const store = await openPostgresRollupStore(address, {
    onError: (error) => errors.push(String(error)),
    onSetAside: (rows) => setAside.push(rows),
  });
  const rows = Array.from({ length: 30 }, () => JSON.stringify([sampleContribution()]));
  // a version that cannot read what another one wrote
  const unreadable = rows.map((row) => `!${row}`);
  await ask(address, (session) =>
    session.query('INSERT INTO log (contributions) SELECT unnest($1::text[])', [unreadable]),
  );
  await expect(store.settle()).rejects.toThrow(/row \d+ of the log could not be counted.*Update/);
  expect(setAside.at(-1)).toBe(8);
  const counts = 'SELECT (SELECT count(*) FROM log), (SELECT count(*) FROM log_unreadable)';
  expect(await postgres.query(counts, address)).toEqual([['22', '8']]);
  await until(() => errors.join().includes('Update the collectors'));
  await store.close();
  for (const table of ['log', 'log_unreadable']) {
    const text = `UPDATE ${table} SET contributions = substr(contributions, 2)`;
    await ask(address, (session) => session.query(text));
  }
  const next = await openStore(address);
  await next.settle();
  expect((await next.totals())[0]?.counts.punctual?.reports).toBe(30);
  expect(await postgres.query(counts, address)).toEqual([['0', '0']]);
});

test('questions of one moment wait together for the keeper', async () => {
  const address = await postgres.createDatabase();
  await openStore(address);
  const store = await openStore(address);
  await ask(address, async (session) => {
    let told = 0;
    await session.query('LISTEN nearside_settle');
    session.onNotice(() => {
      told += 1;
    });
    await Promise.all(Array.from({ length: 20 }, () => store.settle()));
    await session.query('SELECT 1');
    expect(told).toBe(1);
  });
});

test('a name with a character that PostgreSQL has not is counted under one that it has', async () => {
  const store = await openStore(await postgres.createDatabase());
  const dimensions = { app: 'a\u0000b\ud800c"\\u0000' };
  await store.add([sampleContribution({ dimensions })]);
  const names = await store.names();
  expect(names.find(({ kind }) => kind === 'app')?.name).toBe('a\ufffdb\ufffdc"\\u0000');
});

test('limits of names hold for the database: what two collectors had room for at once is counted under its limit', async () => {
  const address = await postgres.createDatabase();
  const folded: string[] = [];
  const onFold = (kind: string) => folded.push(kind);
  const stores = [await openStore(address, { onFold }), await openStore(address)];
  for (const [i, store] of stores.entries()) {
    const names = createNames([]);
    const versions = Array.from({ length: 15 }, (_, n) => `${i}.${n}.0`);
    await store.add(
      versions.map((version) => sampleContribution({ dimensions: { version } }, { names })),
    );
  }
  await stores[0]?.settle();
  const [{ versions } = { versions: [] }] = (await stores[0]?.models()) ?? [];
  expect(versions).toContain('unlisted');
  expect(versions.length).toBeLessThanOrEqual(NAME_LIMITS.version + 1);
  expect(folded).toContain('version');
  const reports = (await stores[1]?.totals())?.map(({ counts }) => counts.punctual?.reports ?? 0);
  expect(sum(reports ?? [])).toBe(30);
});

test('facts of the newest revision hold for all collectors of a database', async () => {
  const address = await postgres.createDatabase();
  const facts = (version: string, revision: number) =>
    factsOf([{ model: 'digits', version, state: 'stable', rollout: null }], revision);
  const stores = await Promise.all(Array.from({ length: 3 }, () => openStore(address)));
  await Promise.all(
    stores.map((store, i) => store.keepFacts(facts(`1.${i}.0`, i + 1), Date.now())),
  );
  for (const store of stores) expect(await store.facts()).toEqual(facts('1.2.0', 3));
  await stores[0]?.add([sampleContribution({ dimensions: { version: '9.9.9' } })]);
  await stores[1]?.settle();
  expect(await stores[1]?.models()).toMatchObject([{ versions: ['unlisted'] }]);
});

test('several collectors that start at once on an empty database make its tables once', async () => {
  const address = await postgres.createDatabase();
  const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(address)));
  await Promise.all(stores.map((store) => store.add([sampleContribution()])));
  const keepers = await Promise.all(stores.map((store) => store.isKeeper()));
  expect(keepers.filter(Boolean)).toHaveLength(1);
  for (const store of stores) {
    await store.settle();
    expect((await store.totals())[0]?.counts.punctual?.reports).toBe(4);
  }
});

test('an older collector beside a newer schema stops writing, and does not start again, with a line that says so', async () => {
  const address = await postgres.createDatabase();
  const store = await openStore(address);
  await store.add([sampleContribution()]);
  await ask(address, (session) => session.query('UPDATE store SET version = 8, oldest_writer = 7'));
  const line =
    /schema 8, to which collectors of schema 7 and later may write.*Update this collector/;
  await expect(store.add([sampleContribution()])).rejects.toThrow(line);
  await expect(store.settle()).rejects.toThrow(line);
  await expect(store.addTraces([], Date.now())).rejects.toThrow(line);
  await expect(store.keepFacts(factsOf([]), Date.now())).rejects.toThrow(line);
  await expect(store.addLook([], Date.now())).rejects.toThrow(line);
  // a newer collector can be the keeper
  await ask(address, async (session) => {
    const { rows } = await session.query('SELECT pg_try_advisory_lock($1, $2)', LOCKS.keeper);
    expect(rows).toEqual([{ pg_try_advisory_lock: true }]);
  });
  await expect(openPostgresRollupStore(address)).rejects.toThrow(line);
  await ask(address, (session) => session.query('UPDATE store SET oldest_writer = 1'));
  expect(await store.add([sampleContribution()])).toEqual(['counted']);
});

test('ids are kept by the day, and days gone by are dropped whole but for those of clocks that were behind', async () => {
  const address = await postgres.createDatabase();
  const store = await openStore(address);
  const today = Math.floor(Date.now() / 86_400_000);
  const at = (day: number, bucketDay = day) => {
    const sample = sampleContribution();
    return { ...sample, day, bucketMs: bucketDay * 86_400_000, arrivedMs: Date.now() };
  };
  const right = at(today);
  const behind = at(today, today + 3);
  const ahead = at(today + 400, today);
  await store.add([right, behind, ahead]);
  const places = async () => {
    const rows = await postgres.query(
      'SELECT tableoid::regclass, day FROM seen ORDER BY 2',
      address,
    );
    return rows.map(([table, day]) => `${table} ${Number(day) - today}`);
  };
  expect(await places()).toEqual(['seen_other 0', 'seen_other 0', 'seen_other 400']);
  await store.prune(Date.now());
  expect(await places()).toEqual([`seen_${today} 0`, `seen_${today} 0`, 'seen_other 400']);
  expect(await store.add([right, behind, ahead])).toEqual(Array(3).fill('duplicate'));
  await store.prune((today + 17) * 86_400_000);
  expect(await places()).toEqual(['seen_other 0']);
  expect(await store.add([behind])).toEqual(['duplicate']);
  await store.prune((today + 20) * 86_400_000);
  expect(await places()).toEqual([]);
});

test('a report that waits while its day gets a partition is counted', async () => {
  const address = await postgres.createDatabase();
  const store = await openStore(address);
  const added: Promise<unknown>[] = [];
  await ask(address, async (session) => {
    await session.transact(async () => {
      await session.query('LOCK TABLE seen_other IN SHARE ROW EXCLUSIVE MODE');
      const nowMs = Date.now();
      added.push(store.add([sampleContribution({ t0: nowMs - 300_000 }, { nowMs })]));
      await until(async () => {
        const waits =
          "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'seen_other'::regclass";
        return Number((await postgres.query(waits, address))[0]?.[0]) > 0;
      });
      const today = Math.floor(nowMs / 86_400_000);
      await session.query(`CREATE TABLE seen_${today} (LIKE seen INCLUDING ALL)`);
      await session.query(
        `ALTER TABLE seen ATTACH PARTITION seen_${today} FOR VALUES IN (${today})`,
      );
    });
  });
  expect(await Promise.all(added)).toEqual([['counted']]);
});

test('a database that cannot be reached keeps a collector from starting, and no line holds the password', async () => {
  const address = 'postgres://fleet:se%2Fcret@127.0.0.1:1,127.0.0.1:2/reports';
  const error = await openPostgresRollupStore(address).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'store-unavailable' });
  expect(String(error)).toMatch(/ECONNREFUSED/);
  expect(JSON.stringify(error) + String(error)).not.toMatch(/se\/cret|se%2Fcret/);
  const wrong = (await postgres.createDatabase()).replace(/:[0-9a-f]{32}@/, ':wrong-secret@');
  const refused = await openPostgresRollupStore(wrong).catch((thrown: unknown) => thrown);
  expect(String(refused)).toMatch(/password authentication failed/);
  expect(String(refused)).not.toContain('wrong-secret');
});
