import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { writeDigits } from '../packages/publisher/src/testing/write-digits.js';
import { root } from '../scripts/root.mjs';
import { keepVariants, makePatient, makeUnprovable } from './change-digits.js';
import { packDigits } from './digits-repository.js';
import { madeOnce } from './made-once.js';

const EXAMPLE = `${root}examples/model-ci`;
const BIN = `${root}node_modules/.bin`;

const NEXT = { version: '1.1.0', sequence: 2 };

/** What the tests share: keys, a repository that offers digits 1.0.0 to all, items, and digits 1.1.0, packed. */
let shared: string;
let pin: string;
let dir: string;
let variables: Record<string, string>;

test.beforeAll(async () => {
  const { generateKeys, publish } = await import('../packages/publisher/dist/index.js');
  shared = await mkdtemp(`${tmpdir()}/nearside-model-ci-shared-`);
  await generateKeys({ out: `${shared}/keys` });
  const packed = madeOnce('packed-1.0.0');
  ({ pin } = await publish({ packed, repository: `${shared}/site`, keys: `${shared}/keys` }));
  await writeDigits(`${shared}/items`, 1000);
  await packDigits(shared, NEXT);
});

test.afterAll(() => rm(shared, { recursive: true }));

test.beforeEach(async () => {
  dir = await mkdtemp(`${tmpdir()}/nearside-model-ci-`);
  await cp(`${shared}/site`, `${dir}/site`, { recursive: true });
  await mkdir(`${dir}/work`);
  variables = {
    MODEL: `${dir}/digits`,
    ITEMS: `${shared}/items`,
    SITE: `${dir}/site`,
    PIN: pin,
    CANARY: '60',
    TMPDIR: `${dir}/work`,
  };
  for (const role of ['model', 'targets', 'snapshot', 'timestamp']) {
    const key = `NEARSIDE_KEY_${role.toUpperCase()}`;
    variables[key] = await readFile(`${shared}/keys/${role}.pem`, 'utf8');
  }
});

test.afterEach(() => rm(dir, { recursive: true }));

/** The model directory that is to be released. One variant is enough where nothing has to differ from it. */
async function writeModel(variants = ['fp32']) {
  await cp(`${root}models/digits`, `${dir}/digits`, { recursive: true });
  const spec = JSON.parse(await readFile(`${dir}/digits/model.json`, 'utf8'));
  await writeFile(`${dir}/digits/model.json`, JSON.stringify({ ...spec, ...NEXT }));
  await keepVariants(`${dir}/digits`, variants);
}

/** Of a CI job with `nearside` installed. */
function environment(bin = BIN) {
  return { PATH: `${bin}:${process.env.PATH}`, ...variables };
}

function release(bin?: string) {
  return spawnSync(`${EXAMPLE}/release.sh`, { cwd: dir, env: environment(bin), encoding: 'utf8' });
}

/**
 * A `nearside` for the gates after `pack`, which passed.
 *
 * @param afterPublish what else happens
 * @returns its folder
 */
async function packedAlready(packed: string, afterPublish = ':'): Promise<string> {
  const script = `#!/bin/sh
if [ "$1" = pack ]; then exec cp -R "${packed}" "$6"; fi
${BIN}/nearside "$@" || exit
if [ "$1" = publish ]; then ${afterPublish}; fi
`;
  await mkdir(`${dir}/bin`);
  await writeFile(`${dir}/bin/nearside`, script, { mode: 0o755 });
  return `${dir}/bin`;
}

/** @returns every file of the repository with its bytes */
async function filesOfSite() {
  const entries = await readdir(`${dir}/site`, { recursive: true, withFileTypes: true });
  const paths = entries.flatMap((one) => (one.isFile() ? [`${one.parentPath}/${one.name}`] : []));
  const read = paths.sort().map(async (path) => [path, await readFile(path, 'latin1')] as const);
  return new Map(await Promise.all(read));
}

async function expectRefused(status: number, reason: RegExp, bin?: string) {
  const before = await filesOfSite();
  const job = release(bin);
  expect(job.stderr).toMatch(reason);
  expect(job.status).toBe(status);
  expect(await filesOfSite()).toEqual(before);
  expect(await readdir(variables.TMPDIR as string)).toEqual([]);
  for (const key of Object.keys(variables).filter((name) => name.startsWith('NEARSIDE_KEY_'))) {
    expect(job.stdout + job.stderr).not.toContain(variables[key]?.split('\n')[1]);
  }
}

test('the job of the example offers a model that passes every gate to its canary', async () => {
  await writeModel();
  const { status, stdout } = release();
  expect(stdout).toMatch(/Device \d+ opened digits 1.1.0 on onnx-wasm: proven/);
  expect(status).toBe(0);
  const { inspect, serveRepository } = await import('../packages/publisher/dist/index.js');
  const { models } = await inspect({ repository: `${dir}/site` });
  expect(models[0]?.versions).toMatchObject([
    { version: '1.1.0', state: 'canary', rollout: { fromBps: 0, toBps: 6000 } },
    { version: '1.0.0', state: 'stable' },
  ]);
  const server = await serveRepository({ dir: `${dir}/site`, port: 0 });
  const words = [`${EXAMPLE}/open-as-device.mjs`, server.url, 'release.json'];
  const fromOutside = await promisify(execFile)('node', words, { cwd: dir, env: environment() });
  expect(fromOutside.stdout).toContain('opened digits 1.1.0');
  await server.close();
});

test('the job of the example publishes no model whose small variant lost too much @long', async () => {
  await writeModel(['int8', 'fp32']);
  await makePatient(`${dir}/digits`);
  await expectRefused(4, /gate-refused: Variant 'int8' of digits 1.1.0/);
});

test('the job of the example publishes no model that gives other golden outputs, where only a device finds it too @long', async () => {
  await writeModel();
  await makeUnprovable(`${dir}/digits`, ['fp32']);
  await expectRefused(1, /^nearside: golden-mismatch/);

  const change = (source: string) => cp(`${dir}/digits`, source, { recursive: true });
  await packDigits(dir, { ...NEXT, change });
  const notComputed = /code: 'no-backend'.*code: 'golden-mismatch'/s;
  await expectRefused(1, notComputed, await packedAlready(`${dir}/packed-1.1.0`));
});

test('the job of the example leaves the repository as it was where the publish is refused @long', async () => {
  await packDigits(dir, { version: '1.0.0', sequence: 2 });
  await expectRefused(1, /version-conflict/, await packedAlready(`${dir}/packed-1.0.0`));
});

test('the job of the example leaves the repository as it was where a device does not open the version', async () => {
  // What a publish wrote is lost on the way to the disk.
  const lose = 'for chunk in "$4"/chunks/*; do : >"$chunk"; done';
  await expectRefused(1, /digest-mismatch/, await packedAlready(`${shared}/packed-1.1.0`, lose));
});

test('the job of the example releases nothing where somebody else has published meanwhile @long', async () => {
  const timestamp = `${dir}/site/metadata/timestamp.json`;
  const before = await readFile(timestamp, 'utf8');
  const race = `echo >>"${timestamp}"`;
  const { status, stderr } = release(await packedAlready(`${shared}/packed-1.1.0`, race));
  expect(stderr).toContain('has changed meanwhile: nothing is released');
  expect(status).toBe(1);
  expect(await readFile(timestamp, 'utf8')).toBe(`${before}\n`);
});
