import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, test } from '@playwright/test';
import { writeDigits } from '../packages/publisher/src/testing/write-digits.js';
import { root } from '../scripts/root.mjs';
import { keepVariants, makePatient, makeUnprovable } from './change-digits.js';
import { madeOnce } from './made-once.js';

const EXAMPLE = `${root}examples/model-ci`;
const BIN = `${root}node_modules/.bin`;

let dir: string;
let variables: Record<string, string>;

/** A repository that offers digits 1.0.0 to all. */
test.beforeEach(async () => {
  const { generateKeys, publish } = await import('../packages/publisher/dist/index.js');
  dir = await mkdtemp(`${tmpdir()}/nearside-model-ci-`);
  await generateKeys({ out: `${dir}/keys` });
  const packed = madeOnce('packed-1.0.0');
  const { pin } = await publish({ packed, repository: `${dir}/site`, keys: `${dir}/keys` });
  await writeDigits(`${dir}/items`, 1000);
  await mkdir(`${dir}/work`);
  variables = {
    MODEL: `${dir}/digits`,
    ITEMS: `${dir}/items`,
    SITE: `${dir}/site`,
    PIN: pin,
    CANARY: '60',
    TMPDIR: `${dir}/work`,
  };
  for (const role of ['model', 'targets', 'snapshot', 'timestamp']) {
    const key = `NEARSIDE_KEY_${role.toUpperCase()}`;
    variables[key] = await readFile(`${dir}/keys/${role}.pem`, 'utf8');
  }
});

test.afterEach(() => rm(dir, { recursive: true }));

/** The model directory that is to be released. One variant is enough where nothing has to differ from it. */
async function writeModel(named: object, variants = ['fp32']) {
  await cp(`${root}models/digits`, `${dir}/digits`, { recursive: true });
  const spec = JSON.parse(await readFile(`${dir}/digits/model.json`, 'utf8'));
  await writeFile(`${dir}/digits/model.json`, JSON.stringify({ ...spec, ...named }));
  await keepVariants(`${dir}/digits`, variants);
}

/** Of a CI job with `nearside` installed. */
function environment(bin = BIN) {
  return { PATH: `${bin}:${process.env.PATH}`, ...variables };
}

function release(bin?: string) {
  return spawnSync(`${EXAMPLE}/release.sh`, { cwd: dir, env: environment(bin), encoding: 'utf8' });
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

const NEXT = { version: '1.1.0', sequence: 2 };

test('the job of the example offers a model that passes every gate to its canary', async () => {
  await writeModel(NEXT);
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

test('the job of the example publishes no model whose small variant lost too much', async () => {
  await writeModel(NEXT, ['int8', 'fp32']);
  await makePatient(`${dir}/digits`);
  await expectRefused(4, /gate-refused: Variant 'int8' of digits 1.1.0/);
});

test('the job of the example publishes no model that gives other golden outputs', async () => {
  await writeModel(NEXT);
  await makeUnprovable(`${dir}/digits`, ['fp32']);
  await expectRefused(1, /golden-mismatch/);
});

test('the job of the example leaves the repository as it was where the publish is refused', async () => {
  await writeModel({ version: '1.0.0', sequence: 1 });
  await expectRefused(1, /version-conflict/);
});

test('the job of the example leaves the repository as it was where a device does not open the version', async () => {
  await writeModel(NEXT);
  // What a publish wrote is lost on the way to the disk.
  const bin = `${dir}/bin`;
  await mkdir(bin);
  const lossy = `#!/bin/sh
${BIN}/nearside "$@"
[ "$1" != publish ] || for chunk in "$4"/chunks/*; do : >"$chunk"; done`;
  await writeFile(`${bin}/nearside`, lossy, { mode: 0o755 });
  await expectRefused(1, /digest-mismatch/, bin);
});

test('the job of the example releases nothing where somebody else has published meanwhile', async () => {
  await writeModel(NEXT);
  const bin = `${dir}/bin`;
  await mkdir(bin);
  const timestamp = `${dir}/site/metadata/timestamp.json`;
  const racing = `#!/bin/sh
${BIN}/nearside "$@"
[ "$1" != publish ] || echo >>"${timestamp}"`;
  await writeFile(`${bin}/nearside`, racing, { mode: 0o755 });
  const before = await readFile(timestamp, 'utf8');
  const { status, stderr } = release(bin);
  expect(stderr).toContain('has changed meanwhile: nothing is released');
  expect(status).toBe(1);
  expect(await readFile(timestamp, 'utf8')).toBe(`${before}\n`);
});
