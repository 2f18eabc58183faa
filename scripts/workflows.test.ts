import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PACKAGES } from './publishing.mjs';
import { PARTS } from './release.mjs';
import { root } from './root.mjs';
import { readWorkflow } from './workflows.mjs';

const files = await readdir(`${root}.github/workflows`);
const workflows = await Promise.all(files.map((file) => readWorkflow(file.replace('.yml', ''))));
const jobs = workflows.flatMap((workflow) => Object.values(workflow.jobs));
const steps = jobs.flatMap((job) => job.steps);

test('every command of a workflow is a script of package.json', async () => {
  const { scripts } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const commands = steps.flatMap(({ run }) => run ?? []).filter((run) => run !== 'npm ci');
  const named = commands.map((run) => run.match(/^npm (?:run )?([\w:-]+)(?: |$)/)?.[1] ?? run);
  expect(named).toContain('release');
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test('the Node of every job is one that package.json allows', async () => {
  const { engines } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const oldest = Number.parseInt(engines.node.replace('>=', ''), 10);
  const fromActions = steps.flatMap(({ with: given }) => given?.['node-version'] ?? []);
  const fromContainers = jobs.flatMap(
    ({ container }) => container?.match(/^node:(\d+)/)?.[1] ?? [],
  );
  const versions = [...fromActions, ...fromContainers].map(Number);
  expect(versions).toHaveLength(jobs.filter(({ steps }) => steps.some(({ run }) => run)).length);
  for (const version of versions) expect(version).toBeGreaterThanOrEqual(oldest);
});

test('a release is published after the tests, without a token, by the one job that may ask for an identity', async () => {
  const { on, permissions, jobs } = await readWorkflow('release');
  expect(on).toEqual({ push: { tags: ['v*'] } });
  expect(permissions).toEqual({ contents: 'read' });
  expect([jobs.stage?.needs, jobs.publish?.needs]).toEqual(['test', 'stage']);
  expect(jobs.publish?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  // It runs none of the code that `npm ci` installs.
  expect(jobs.publish?.steps.flatMap(({ run }) => run ?? [])).toEqual([
    'npm run release -- publish',
  ]);
  expect([jobs.test?.permissions, jobs.stage?.permissions]).toEqual([undefined, undefined]);
  const text = await readFile(`${root}.github/workflows/release.yml`, 'utf8');
  expect(text).not.toContain('secrets.');
});

test('each job of a release calls the part of its name, and what a part runs is a script of package.json', async () => {
  const { jobs } = await readWorkflow('release');
  for (const [part, { steps }] of Object.entries(jobs)) {
    const commands = steps.flatMap(({ run }) => run ?? []);
    expect(commands.filter((command) => command !== 'npm ci')).toEqual([
      `npm run release -- ${part}`,
    ]);
  }
  expect(Object.keys(PARTS)).toEqual(Object.keys(jobs));
  const { scripts } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const called = Object.values(PARTS).flatMap((part) => part.map(([script]) => script));
  expect(called).toEqual(expect.arrayContaining(['test', 'test:consumers', 'test:long']));
  expect(called.filter((script) => !Object.hasOwn(scripts, script ?? ''))).toEqual([]);
});

test('actions are the code host’s own, each of a major version', () => {
  const used = steps.flatMap(({ uses }) => uses ?? []);
  expect(used.filter((name) => !/^actions\/[\w-]+@v\d+$/.test(name))).toEqual([]);
});

test('a package is published after those of ours that it depends on', async () => {
  const names = await Promise.all(
    PACKAGES.map(async (folder) => {
      const text = await readFile(`${root}packages/${folder}/package.json`, 'utf8');
      const { name, dependencies = {} } = JSON.parse(text);
      return { name, needs: Object.keys(dependencies).filter((each) => /nearside/.test(each)) };
    }),
  );
  for (const [i, { name, needs }] of names.entries()) {
    const before = names.slice(0, i).map((each) => each.name);
    expect(before, name).toEqual(expect.arrayContaining(needs));
  }
});
