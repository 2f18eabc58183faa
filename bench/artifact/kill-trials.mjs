import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromiumLaunch, chromiumPath } from '../../scripts/chromium.mjs';
import { row } from '../row.mjs';
import { turns } from '../turns.mjs';
import { openRepository } from './repository.mjs';

/** Many small chunks, so that a kill meets many commits; half of them change in an update. */
const FILE_BYTES = 128 * 1024;
const FIRST = Array.from({ length: 16 }, (_, i) => i + 1);
const SECOND = FIRST.map((seed) => (seed % 2 === 0 ? seed : seed + 100));
/** The last kills come after the work is done: what was committed then must not be lost. */
const OVERTIME = 1.2;
const REPORT_MS = 20_000;

/**
 * Kills a browser (its whole process group) at a random moment of an installation or an update,
 * starts it again on the same profile with the repository out of reach, and asks what it runs.
 *
 * @param {{ trials: number }} options half of them installations, half updates
 */
export async function killTrials(dir, site, { trials }) {
  const repository = await openRepository(dir);
  const { pin } = await repository.releaseNoise({ seeds: FIRST, fileBytes: FILE_BYTES });
  const browser = openBrowser(dir, { site, repository: repository.recorder.url, pin });

  const empty = await browser.prepare('idle');
  const installed = await browser.prepare('install', empty.profile);
  const installation = { task: 'install', profile: empty.profile, before: NOTHING, after: '1.0.0' };
  await browser.warmUp(installation);
  const trialsOf = async (kind, count) => {
    const found = [];
    for (const _ of turns(`kills in an ${kind.task}`, count))
      found.push(await browser.killOnce(kind));
    return found;
  };
  const results = await trialsOf(installation, Math.ceil(trials / 2));
  const next = { version: '2.0.0', sequence: 2 };
  await repository.releaseNoise({ ...next, seeds: SECOND, fileBytes: FILE_BYTES });
  const update = { task: 'update', profile: installed.profile, before: '1.0.0', after: '2.0.0' };
  await browser.warmUp(update);
  results.push(...(await trialsOf(update, Math.floor(trials / 2))));
  await repository.close();

  const inconsistent = results.filter(({ isConsistent }) => !isConsistent);
  console.error(summary(results));
  for (const result of inconsistent) console.error('Inconsistent:', JSON.stringify(result));
  return [
    row('kill-inconsistent-commits', { value: inconsistent.length, unit: 'trials', atMost: 0 }),
    row('kill-trials', { value: results.length, unit: 'trials' }),
  ];
}

/** How many kills left which version to run, and how many came only when the work was done. */
function summary(results) {
  const counts = new Map();
  for (const { task, found, wasDone } of results) {
    const kind = `${task}, ${wasDone ? 'when done' : 'midway'}: ${found}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${kind} × ${count}`).join('; ');
}

/** A killed browser leaves its lock on the profile, which a copy of it must not have. */
const LOCKS = ['SingletonLock', 'SingletonCookie', 'SingletonSocket'];

/** What a device without a version says while it has no network. */
const NOTHING = 'network-failed';

function openBrowser(dir, { site, repository, pin }) {
  let runs = 0;
  let durationMs = 0;

  /** Starts Chromium with nothing but an address; `until` decides when it is killed. */
  async function run(task, profile, until) {
    for (const name of LOCKS) await rm(`${profile}/${name}`, { force: true });
    const address = `${site.url}?${new URLSearchParams({ task, repository, pin })}`;
    const child = spawn(
      chromiumPath,
      [...chromiumLaunch.args, '--headless', `--user-data-dir=${profile}`, address],
      { detached: true, stdio: 'ignore' },
    );
    const reports = awaitReports(site);
    try {
      return await until(reports);
    } finally {
      process.kill(-child.pid, 'SIGKILL');
      await once(child, 'exit');
    }
  }

  async function freshProfile(from) {
    const profile = `${dir}/profile-${runs++}`;
    if (from) await cp(from, profile, { recursive: true });
    return profile;
  }

  async function timed({ began, done }) {
    await began;
    const start = performance.now();
    await done;
    return performance.now() - start;
  }

  return {
    /** A profile in which the task is done; killed like all others, once it rests. */
    async prepare(task, from) {
      const profile = await freshProfile(from);
      await run(task, profile, async (reports) => {
        await reports.done;
        await sleep(1000); // Chromium writes its own files
      });
      return { profile };
    },
    /** Learns how long the task takes on this machine. */
    async warmUp({ task, profile: from }) {
      const profile = await freshProfile(from);
      durationMs = await run(task, profile, timed);
      await rm(profile, { recursive: true });
    },
    async killOnce({ task, profile: from, before, after }) {
      const profile = await freshProfile(from);
      const delayMs = Math.random() * durationMs * OVERTIME;
      let isDone = false;
      await run(task, profile, async ({ began, done }) => {
        void done.then(
          () => (isDone = true),
          () => {},
        );
        await began;
        await sleep(delayMs);
      });
      const wasDone = isDone;
      const { found, recovered } = await run('inspect', profile, ({ inspected }) => inspected);
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
      const isConsistent =
        (found === after || (found === before && !wasDone)) && recovered === after;
      return { task, delayMs, wasDone, found, recovered, isConsistent };
    },
  };
}

/** Promises of what the page says; each rejects when it takes too long. */
function awaitReports(site) {
  const resolvers = new Map();
  site.onReport(({ state, result }) => resolvers.get(state)?.(result));
  const states = ['began', 'done', 'inspected'];
  const promises = states.map((state) => {
    const promise = new Promise((resolve, reject) => {
      const late = () => reject(new Error(`the browser has not ${state} in ${REPORT_MS} ms`));
      const timer = setTimeout(late, REPORT_MS);
      timer.unref();
      resolvers.set(state, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
    });
    promise.catch(() => {}); // not every run waits for every state
    return [state, promise];
  });
  return Object.fromEntries(promises);
}
