import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { parse, parseAllDocuments } from 'yaml';
import { root } from '../scripts/root.mjs';
import { startBucket } from '../scripts/services/s3.mjs';
import { packDigits } from './digits-repository.js';
import { madeOnce } from './made-once.js';

const EXAMPLE = `${root}examples/autopilot`;

/** A published repository behind HTTP with a canary of digits, a collector that found it worse, and the job's environment. */
async function openJob(dir: string) {
  const { generateKeys, inspect, publish, serveRepository } = await import(
    '../packages/publisher/dist/index.js'
  );
  const [keys, published] = [`${dir}/keys`, `${dir}/published`];
  await generateKeys({ out: keys });
  await cp(madeOnce('packed-1.0.0'), `${dir}/packed-1.0.0`, { recursive: true });
  await packDigits(dir, { version: '1.1.0', sequence: 2 });
  await publish({ packed: `${dir}/packed-1.0.0`, repository: published, keys });
  const canary = { packed: `${dir}/packed-1.1.0`, canaryPercent: 5 };
  const { pin, rollout } = await publish({ ...canary, repository: published, keys });
  const web = await serveRepository({ dir: published, port: 0 });
  const collector = await openCollector(rollout?.salt ?? '');
  const key = (role: string) => readFile(`${keys}/${role}.pem`, 'utf8');
  const env = {
    PATH: `${root}node_modules/.bin:${process.env.PATH}`,
    SITE: `${dir}/site`,
    STORE: `${EXAMPLE}/directory.sh`,
    PUBLISHED: published,
    URL: web.url,
    PIN: pin,
    FLEET: collector.url,
    FACTS: `${dir}/models.json`,
    NEARSIDE_KEY_TARGETS: await key('targets'),
    NEARSIDE_KEY_SNAPSHOT: await key('snapshot'),
    NEARSIDE_KEY_TIMESTAMP: await key('timestamp'),
  };
  await rm(keys, { recursive: true });
  return {
    env,
    /** The state of the newest version, as devices see it. */
    async state() {
      const [model] = (await inspect({ repository: web.url })).models;
      return model?.versions[0]?.state;
    },
    async log() {
      const text = await readFile(`${env.SITE}/.autopilot.jsonl`, 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line);
    },
    async close() {
      await web.close();
      collector.close();
    },
  };
}

/** The two answers of a collector that found the canary worse at two looks in a row. */
async function openCollector(salt: string) {
  const experiment = createHash('sha256').update(salt).digest('hex').slice(0, 8);
  const about = { version: '1.1.0', experiment };
  const verdict = { verdict: 'roll-back', because: ['failed-runs'] };
  const figures = {
    sinceMs: 0,
    isOver: false,
    devices: { canary: 900, control: 900 },
    share: 0.05,
    offeredMs: [0],
    ranAs: { canary: [], control: [] },
    mayStep: false,
    undone: { n: 0, of: 900 },
  };
  const server = createServer((request, response) => {
    const nowMs = Date.now();
    const rollouts = [{ ...about, ...figures, verdict }];
    const verdicts = [{ ...about, atMs: nowMs, verdict: 'roll-back', revision: 2 }];
    const answer = request.url?.includes('canary')
      ? { revision: 2, plans: [], rollouts }
      : { toMs: nowMs, lookedMs: nowMs, verdicts };
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => server.close();
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

let dir: string;

test.beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-autopilot-`);
});

test.afterEach(async () => {
  await rm(dir, { recursive: true });
});

/** Runs a script of the example in a folder without keys, as a scheduler does, beside the servers of this process. */
function run(script: string, env: Record<string, string>, ...words: string[]) {
  return new Promise<{ code: number; printed: string }>((resolve) => {
    execFile(`${EXAMPLE}/${script}`, words, { cwd: dir, env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), printed: stdout + stderr });
    });
  });
}

/** A store whose upload ends so. */
async function brokenStore({ STORE }: { STORE: string }, upload: string): Promise<string> {
  const script = `#!/bin/sh\nif [ "$1" = upload ]; then ${upload}; exit 7; fi\nexec "${STORE}" "$@"\n`;
  await writeFile(`${dir}/broken.sh`, script, { mode: 0o755 });
  return `${dir}/broken.sh`;
}

test('the job of the example takes a worse canary back, once, after uploads that failed', async () => {
  const { env, state, log, close } = await openJob(dir);
  const beforeTimestamp = 'cp "$SITE"/metadata/*.targets.json "$PUBLISHED/metadata"';
  const failed = { ...env, STORE: await brokenStore(env, beforeTimestamp) };
  expect((await run('autopilot.sh', failed)).code).toBe(7);
  expect(await state()).toBe('canary');

  const beforeBoot = `"${env.STORE}" upload; rm -r "$PUBLISHED/boot"`;
  await brokenStore(env, beforeBoot);
  expect(await run('autopilot.sh', failed)).toEqual({
    code: 7,
    printed: expect.stringContaining('digits 1.1.0, canary for 5 % of devices: was taken back'),
  });
  expect(await state()).toBe('revoked');

  const { code, printed } = await run('autopilot.sh', env);
  expect({ code, printed }).toEqual({
    code: 0,
    printed: expect.stringContaining('everything verifies'),
  });
  const boot = await readFile(`${env.PUBLISHED}/boot/digits.json`, 'utf8');
  expect(boot).toContain('metadata/3.targets.json');
  expect(await log()).toHaveLength(1);
  expect(JSON.parse(await readFile(env.FACTS, 'utf8')).revision).toBe(3);

  // what was done is not done again, and what somebody puts beside the published files is fetched
  await writeFile(`${env.PUBLISHED}/hold`, '');
  expect(await run('autopilot.sh', env)).toEqual({
    code: 0,
    printed: expect.stringMatching(
      /^A file `hold` lies in .*: nothing is signed until it is removed\.\nNo canary is on offer, so `--fleet` was not asked\.\nWrote the facts to .*\.\n$/,
    ),
  });
  await close();
});

interface Workflow {
  readonly env: Record<string, string>;
  readonly jobs: { readonly step: { readonly steps: readonly { readonly run?: string }[] } };
}

interface Container {
  readonly env: readonly { readonly name: string }[];
  readonly command: readonly string[];
}

test('each scheduler gives the job the variables that it asks for, and words that the command knows and that widen nothing', async () => {
  const read = (file: string) => readFile(`${EXAMPLE}/${file}`, 'utf8');
  const scripts = (await read('autopilot.sh')) + (await read('s3.sh'));
  const asked = [...scripts.matchAll(/^: "\$\{(\w+):\?/gm)].map(([, name]) => name);
  const nearside = `${root}node_modules/.bin/nearside`;
  const { stdout } = await promisify(execFile)(nearside, ['autopilot', '--help']);
  const known = [...stdout.matchAll(/^ +(--[a-z-]+)/gm)].map(([, flag]) => flag);
  const flags = known.filter((flag) => flag !== '--steps' && flag !== '--stable');
  expect(known).toHaveLength(flags.length + 2);

  const workflow: Workflow = parse(await read('autopilot.yml'));
  const [cronJob] = parseAllDocuments(await read('cronjob.yaml')).map((one) => one.toJS());
  const container: Container = cronJob.spec.jobTemplate.spec.template.spec.containers[0];
  const runs = workflow.jobs.step.steps.map(({ run = '' }) => run.split(' '));
  const jobs = [
    { names: Object.keys(workflow.env), words: runs.find(([word]) => word === './autopilot.sh') },
    { names: container.env.map(({ name }) => name), words: container.command },
  ];
  for (const { names, words = ['no job'] } of jobs) {
    expect(names).toEqual(expect.arrayContaining(asked));
    expect(words[0]).toContain('/autopilot.sh');
    expect(flags).toEqual(expect.arrayContaining(words.filter((word) => word.startsWith('-'))));
  }
});

test('what somebody publishes while the job is at work stays @long', async () => {
  const { env, close } = await openJob(dir);
  const racing = `${dir}/racing.sh`;
  const timestamp = `${env.PUBLISHED}/metadata/timestamp.json`;
  const race = `if [ "$1" = upload ]; then echo >>"${timestamp}"; fi`;
  await writeFile(racing, `#!/bin/sh\n${race}\nexec "${env.STORE}" "$@"\n`, { mode: 0o755 });
  const before = await readFile(timestamp, 'utf8');
  const { code, printed } = await run('autopilot.sh', { ...env, STORE: racing });
  expect({ code, printed }).toEqual({
    code: 1,
    printed: expect.stringContaining('has changed since it was fetched'),
  });
  expect(await readFile(timestamp, 'utf8')).toBe(`${before}\n`);
  await close();
});

test('a directory that is no published repository, or the same as its copy, is refused and left as it is', async () => {
  const file = `${dir}/live/metadata/timestamp.json`;
  await mkdir(`${dir}/live/metadata`, { recursive: true });
  await writeFile(file, 'live');
  const wrong = [
    ['live', 'live'],
    ['live/..', 'live'],
    ['live/copy', 'live'],
    ['live', 'another'],
  ];
  for (const [SITE = '', PUBLISHED = ''] of wrong) {
    const env = { PATH: process.env.PATH ?? '', SITE, PUBLISHED };
    expect((await run('directory.sh', env, 'fetch')).code).toBe(2);
    expect(await readFile(file, 'utf8')).toBe('live');
  }
});

test('the job takes a worse canary back in a bucket, as S3 keeps it, and leaves what others publish there @long', async () => {
  const { env: onDisk, close } = await openJob(dir);
  const bucket = await startBucket();
  const PATH = `/usr/bin:${onDisk.PATH}`;
  const store = { STORE: `${EXAMPLE}/s3.sh`, BUCKET: bucket.address, URL: bucket.url };
  const env = { ...onDisk, ...bucket.env, ...store, PATH };
  await bucket.aws('s3', 'sync', onDisk.PUBLISHED, bucket.address);
  const read = async (path: string) => {
    const response = await fetch(`${bucket.url}/${path}`);
    const { status, headers } = response;
    return { status, caching: headers.get('cache-control'), text: await response.text() };
  };

  const { code, printed } = await run('autopilot.sh', env);
  expect({ code, printed }).toEqual({
    code: 0,
    printed: expect.stringContaining('everything verifies'),
  });
  const { inspect } = await import('../packages/publisher/dist/index.js');
  const [model] = (await inspect({ repository: bucket.url })).models;
  expect(model?.versions[0]?.state).toBe('revoked');
  const boot = await read('boot/digits.json');
  expect(boot.text).toContain('metadata/3.targets.json');
  expect([boot.caching, (await read('metadata/timestamp.json')).caching]).toEqual([
    'no-cache',
    'no-cache',
  ]);
  expect((await read('metadata/3.targets.json')).caching).toContain('immutable');
  for (const own of ['.autopilot.jsonl', '.fetched.json']) {
    expect((await read(own)).status, own).not.toBe(200);
    expect((await readdir(env.SITE)).includes(own)).toBe(true);
  }

  // a file that stops the job is fetched, and goes where it went
  await bucket.aws('s3', 'cp', `${EXAMPLE}/README.md`, `${bucket.address}/hold`);
  expect((await run('autopilot.sh', env)).printed).toContain(
    'nothing is signed until it is removed',
  );
  await bucket.aws('s3', 'rm', `${bucket.address}/hold`);
  expect((await run('autopilot.sh', env)).printed).not.toContain('nothing is signed');

  // a first release that is a canary has no boot files
  await rm(`${env.SITE}/boot`, { recursive: true });
  expect(await run('s3.sh', env, 'upload')).toMatchObject({ code: 0 });
  expect((await read('boot/digits.json')).status).not.toBe(200);

  // what somebody publishes meanwhile stays
  const timestamp = `${bucket.address}/metadata/timestamp.json`;
  await bucket.aws('s3', 'cp', `${EXAMPLE}/README.md`, timestamp);
  expect(await run('s3.sh', env, 'upload')).toEqual({
    code: 1,
    printed: expect.stringContaining('has changed since it was fetched'),
  });
  expect((await read('metadata/timestamp.json')).text).toContain('autopilot.sh');
  await bucket.close();
  await close();
});

test.describe('with a bucket', () => {
  const bucket = { SITE: 'site', BUCKET: 's3://models' };

  /** Runs `s3.sh` with such a script in place of the command line of AWS. */
  async function runWithAws(script: string, word: string) {
    const bin = `${dir}/bin`;
    await mkdir(bin, { recursive: true });
    await writeFile(`${bin}/aws`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return run('s3.sh', { ...bucket, PATH: `${bin}:${process.env.PATH}` }, word);
  }

  test('it gets the metadata before the timestamp, and the boot files last', async () => {
    await mkdir(`${dir}/site`);
    await writeFile(`${dir}/site/.fetched.json`, 'as it is');
    const aws = 'case "$*" in *" -") printf "as it is";; *) echo "$@";; esac';
    const { printed } = await runWithAws(aws, 'upload');
    expect(printed.split('\n').map((line) => line.split(' ').slice(1, 4).join(' '))).toEqual([
      'sync site/metadata s3://models/metadata',
      'cp site/metadata/timestamp.json s3://models/metadata/timestamp.json',
      'sync site/boot s3://models/boot',
      '',
    ]);
    expect((await runWithAws('', 'elsewhere')).code).toBe(2);
  });

  test('it gets nothing where somebody else has changed it, or where it does not answer', async () => {
    await mkdir(`${dir}/site`);
    await writeFile(`${dir}/site/.fetched.json`, 'as it was');
    for (const answer of ['printf "as it is"', 'exit 1']) {
      const { code, printed } = await runWithAws(`echo >>asked; ${answer}`, 'upload');
      expect(code).toBe(1);
      expect(printed).toMatch(/^s3:\/\/models has changed since it was fetched/);
    }
    expect(await readFile(`${dir}/asked`, 'utf8')).toBe('\n\n');
  });

  test('a request that fails ends the job before it signs, and keeps the file that stops it', async () => {
    await mkdir(`${dir}/site`);
    await writeFile(`${dir}/site/hold`, '');
    await runWithAws('echo >>requests', 'fetch');
    const requests = (await readFile(`${dir}/requests`)).length;
    for (let nth = 1; nth <= requests; nth += 1) {
      const fails = `echo >>before-${nth}; [ "$(wc -l <before-${nth})" -ne ${nth} ] || exit 254`;
      expect((await runWithAws(fails, 'fetch')).code).toBe(254);
      expect(await readdir(`${dir}/site`)).toEqual(['hold']);
    }
  });
});
