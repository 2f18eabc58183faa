import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';

const DAY_MS = 86_400_000;

let dir: string;

test.beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-renew-`);
});

test.afterEach(async () => {
  await rm(dir, { recursive: true });
});

/** A repository published 20 days ago: its timestamp has expired, its snapshot is due. */
async function publishLongAgo() {
  const { generateKeys, pack, publish } = await import('../packages/publisher/dist/index.js');
  const [keys, packed, site] = [`${dir}/keys`, `${dir}/packed`, `${dir}/site`];
  await generateKeys({ out: keys });
  await pack({ modelDirectory: `${root}models/digits`, out: packed });
  const now = () => Date.now() - 20 * DAY_MS;
  const { pin } = await publish({ packed, repository: site, keys, now });
  const read = (role: string) => readFile(`${keys}/${role}.pem`, 'utf8');
  const secrets = {
    NEARSIDE_KEY_TIMESTAMP: await read('timestamp'),
    NEARSIDE_KEY_SNAPSHOT: await read('snapshot'),
  };
  await rm(keys, { recursive: true });
  return { site, pin, secrets };
}

/** As a CI job runs a command: in a folder without keys, with `nearside` installed. */
function environmentOf(env: Record<string, string>) {
  const path = `${root}node_modules/.bin:${process.env.PATH}`;
  return {
    cwd: dir,
    env: { PATH: path, ...env },
    encoding: 'utf8' as const,
    stdio: 'pipe' as const,
  };
}

function statusOf(site: string, pin: string) {
  const words = [`${root}packages/publisher/dist/cli.js`, 'status', site, '--trust', pin, '--json'];
  return spawnSync(process.execPath, words, environmentOf({}));
}

test('the job of the example revives an expired repository with two keys', async () => {
  const { site, pin, secrets } = await publishLongAgo();
  expect(statusOf(site, pin).status).toBe(3);

  const script = `${root}examples/renew-metadata/renew.sh`;
  const output = execFileSync(script, environmentOf({ SITE: site, PIN: pin, ...secrets }));
  expect(output).toContain('Renewed snapshot, timestamp');
  expect(output).toContain('everything verifies');

  const after = statusOf(site, pin);
  expect(after.status).toBe(0);
  const versions = Object.fromEntries(
    JSON.parse(after.stdout).roles.map(({ role, version }: { role: string; version: number }) => [
      role,
      version,
    ]),
  );
  expect(versions).toEqual({ root: 1, targets: 1, snapshot: 2, timestamp: 2 });
});

test('the job of the example fails without its secrets, and prints none', async () => {
  const { site, pin, secrets } = await publishLongAgo();
  const script = `${root}examples/renew-metadata/renew.sh`;
  const { NEARSIDE_KEY_TIMESTAMP: key } = secrets;
  const broken = { NEARSIDE_KEY_TIMESTAMP: key.replace(/[a-z]/g, 'a') };
  const environments: Record<string, string>[] = [{}, broken];
  for (const env of environments) {
    const job = spawnSync(script, environmentOf({ SITE: site, PIN: pin, ...env }));
    expect(job.status).toBe(1);
    expect(job.stdout + job.stderr).not.toContain(key.split('\n')[1]);
  }
});
