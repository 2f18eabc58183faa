import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { experimentOf, rolloutBucket } from '../../packages/artifact/dist/rollout-bucket.js';
import { listen } from '../../scripts/listen.mjs';
import { startRepository } from '../../scripts/stack.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { openOnce } from './open-once.mjs';
import { openReleases } from './releases.mjs';

const PROCESS = fileURLToPath(new URL('autopilot-process.mjs', import.meta.url));
const HOUR_MS = 3_600_000;
/** A share is kept for a day. */
const OFFERED_BEFORE_MS = 25 * HOUR_MS;
const CANARY_PERCENT = 5;
/** Keys that autopilot may read. */
const ROLES = ['targets', 'snapshot', 'timestamp'];

/** It is killed before each of so many writes. */
const EVERY = sized(1, 1_000);

/** What the collector says, and what autopilot is to make of it. */
const STORIES = [
  {
    verdict: 'roll-back',
    rules: {},
    act: 'revoke',
    isDone: ({ state }) => state === 'revoked',
  },
  {
    verdict: 'promote',
    rules: { steps: [25] },
    act: 'promote',
    isDone: ({ rollout }) => rollout?.toBps === 2500,
  },
];

/**
 * Autopilot is killed before each of its writes, and run again.
 *
 * @param {string} dir empty folder to work in
 */
export async function* autopilotKilled(dir) {
  const publisher = await import('@nearside/publisher');
  const releases = await openReleases(dir);
  const { rollout } = await releases.offerNext({
    canaryPercent: CANARY_PERCENT,
    now: () => Date.now() - OFFERED_BEFORE_MS,
  });
  const experiment = await experimentOf(rollout.salt);
  const installId = await installBelow(CANARY_PERCENT, rollout.salt);
  await mkdir(`${dir}/online`);
  for (const role of ROLES) await cp(`${dir}/keys/${role}.pem`, `${dir}/online/${role}.pem`);

  let [kills, oldBootFiles] = [0, 0];
  const faults = [];
  for (const story of STORIES) {
    const collector = await sayVerdict({ ...story, experiment });
    for (let killAtWrite = 0; ; killAtWrite += EVERY) {
      const repository = `${dir}/killed`;
      await rm(repository, { recursive: true, force: true });
      await cp(releases.repository, repository, { recursive: true });
      const step = {
        ...{ repository, keys: `${dir}/online`, facts: `${dir}/facts.json` },
        fleet: { url: collector.url },
        ...story.rules,
      };
      const isKilled = await runStep({ ...step, killAtWrite });
      if (!isKilled) break;
      kills += 1;
      const { trust } = releases.address;
      const found = await lookAt(publisher, step, { story, installId, trust });
      oldBootFiles += found.hasOldBootFile ? 1 : 0;
      faults.push(
        ...found.faults.map((fault) => `${story.act}, killed at write ${killAtWrite}: ${fault}`),
      );
    }
    await collector.close();
  }
  await releases.close();
  for (const fault of faults) console.error(fault);
  yield row('autopilot-killed', {
    value: faults.length,
    unit: `repositories that do not verify, or of which a device opens no model, and acts lost or done twice, of ${kills} kills`,
    atMost: 0,
  });
  yield row('autopilot-killed, old boot files', {
    value: oldBootFiles,
    unit: `of ${kills} kills, until the next step: devices open the model by more requests`,
  });
}

/** @returns what is wrong after a kill, and after the step that follows on it */
async function lookAt({ inspect, verify }, step, { story, installId, trust }) {
  const { repository, facts } = step;
  const verifying = async () => (await verify({ repository, trust })).problems;
  const isOldBootFile = ({ what }) => what.startsWith('boot/');
  const problems = await verifying();
  const faults = problems.filter((problem) => !isOldBootFile(problem));
  const server = await startRepository(repository, 0);
  const opening = () => openOnce({ url: `${server.url}/digits`, trust }, installId);
  faults.push(...(await opening()));
  await runStep(step);
  faults.push(...(await verifying()), ...(await opening()));
  await server.close();
  const { models, roles } = await inspect({ repository });
  const revision = roles.find(({ role }) => role === 'targets').version;
  const known = JSON.parse(await readFile(facts, 'utf8')).revision;
  const isWell = {
    'the act was lost': story.isDone(models[0].versions[0]),
    'the facts are of other targets': known === revision,
    'the act is not in the log once': (await actsOf(repository)).join() === story.act,
  };
  await runStep(step);
  isWell['a third step did it again'] = (await actsOf(repository)).join() === story.act;
  const wrong = Object.keys(isWell).filter((fault) => !isWell[fault]);
  return {
    faults: [...faults.map(({ message }) => message), ...wrong],
    hasOldBootFile: problems.some(isOldBootFile),
  };
}

/** An install on the canary's side, so that an old boot file offers it what has been revoked. */
async function installBelow(percent, salt) {
  for (let n = 0; ; n += 1) {
    const installId = n.toString(16).padStart(32, '0');
    if ((await rolloutBucket(salt, installId)) < percent * 100) return installId;
  }
}

async function actsOf(repository) {
  const lines = (await readFile(`${repository}/.autopilot.jsonl`, 'utf8')).split('\n');
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line).act];
    } catch {
      return []; // half a line of the killed step, or nothing
    }
  });
}

/** @returns {Promise<boolean>} whether it was killed */
async function runStep(options) {
  try {
    await promisify(execFile)(process.execPath, [PROCESS, JSON.stringify(options)]);
    return false;
  } catch (error) {
    if (error.signal === 'SIGKILL') return true;
    throw error;
  }
}

/** A collector that says at each look the same of the canary, by the facts of the first targets that offer it. */
function sayVerdict({ verdict, experiment }) {
  const server = createServer((request, response) => {
    const nowMs = Date.now();
    const revision = 2;
    const offeredMs = nowMs - OFFERED_BEFORE_MS;
    const rollout = {
      ...{ version: '1.2.0', experiment, sinceMs: offeredMs, isOver: false },
      ...{ share: 0.05, offeredMs: [offeredMs], mayStep: verdict === 'promote' },
      devices: { canary: 2000, control: 2000 },
      ranAs: { canary: [], control: [] },
      undone: { n: 0, of: 2000 },
      verdict: { verdict, because: ['failed-runs'] },
    };
    const written = { version: '1.2.0', experiment, atMs: nowMs - 300_000, verdict, revision };
    const answer = request.url.startsWith('/v1/fleet/canary')
      ? { revision, plans: [], rollouts: [rollout] }
      : { toMs: nowMs, lookedMs: nowMs - 60_000, verdicts: [written] };
    response.end(JSON.stringify(answer));
  });
  return listen(server, 0);
}
