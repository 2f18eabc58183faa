import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { cp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { DEFAULT_FILE } from '../packages/collector/src/command/serve-options.js';
import { type Instruction, readStages, variablesIn, wordsOf } from './dockerfile.js';
import { root } from './root.mjs';

const TOKEN = 'read-token-0123456789';

/** Stands for the root of the image's file system. */
const image = mkdtempSync(join(tmpdir(), 'nearside-image-'));
afterAll(() => rmSync(image, { recursive: true }));

test('the steps of the Dockerfile, from its context alone, make a command that serves and ends when it is told to', async () => {
  const [build = [], last = []] = readStages();
  await copyContext(join(image, 'source'));
  await linkPackages(join(image, 'source'), await readdir(`${root}node_modules`));
  linkWorkspace(join(image, 'source'), 'core');
  runSteps(build);
  await installTarballs(join(image, 'app'));

  const collector = await startImage(last);
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const path of ['/readyz', '/metrics', '/', '/runbooks/nearside-silence']) {
    expect((await fetch(collector.url + path, { headers })).status, path).toBe(200);
  }
  await expect(collector.checkHealth()).resolves.toBeDefined();
  expect(await collector.stop()).toBe(0);
  await expect(collector.checkHealth()).rejects.toMatchObject({ code: 1 });
  expect(existsSync(join(image, 'data', DEFAULT_FILE))).toBe(true);
});

/** Copies what `.dockerignore` leaves. */
async function copyContext(to: string): Promise<void> {
  const lines = readFileSync(`${root}.dockerignore`, 'utf8').split('\n');
  const rules = lines
    .filter((line) => /^[^#]/.test(line))
    .map((line) => ({
      isTaken: line.startsWith('!'),
      pattern: patternOf(line.replace('!', '')),
    }));
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const files = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  for (const file of files) {
    const rule = rules.findLast(({ pattern }) => pattern.test(file));
    if (rule?.isTaken === false || !existsSync(root + file)) continue;
    await cp(root + file, join(to, file));
  }
}

/** A pattern is of a file, or of a folder with all that is in it. */
function patternOf(line: string): RegExp {
  const escaped = line.replace(/[.+]/g, '\\$&');
  const path = escaped.replaceAll('**/', '(?:.+/)?').replaceAll(/(?<![.)])\*/g, '[^/]+');
  return new RegExp(`^${path}(?:/|$)`);
}

/** Links packages that are installed here: no registry is asked. */
async function linkPackages(folder: string, names: readonly string[]): Promise<void> {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  for (const name of names.filter((each) => !/^@nearside$|^nearside$/.test(each))) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(`${root}node_modules/${name}`, link);
  }
}

/** As `npm ci` does for the packages of the checkout. */
function linkWorkspace(folder: string, name: string): void {
  mkdirSync(join(folder, 'node_modules/@nearside'));
  symlinkSync(`../../packages/${name}`, join(folder, 'node_modules/@nearside', name));
}

/** All but what asks for packages of others. */
function runSteps(stage: readonly Instruction[]): void {
  let folder = image;
  for (const { name, words } of stage) {
    if (name === 'WORKDIR') folder = join(image, words);
    mkdirSync(folder, { recursive: true });
    if (name !== 'RUN' || /apt-get|npm (?:ci|install)/.test(words)) continue;
    const command = words.replaceAll(/(?<= )(?=\/)/g, image);
    // a failure then says what was printed
    execFileSync('sh', ['-c', `( ${command} ) >&2`], { cwd: folder, stdio: 'pipe' });
  }
}

/** As `npm install` does, with the packages of others from here. */
async function installTarballs(app: string): Promise<void> {
  for (const file of await readdir(join(image, 'tarballs'))) {
    const folder = join(app, 'node_modules/@nearside', file.replace(/^nearside-(\w+)-.*$/, '$1'));
    mkdirSync(folder, { recursive: true });
    const tarball = join(image, 'tarballs', file);
    execFileSync('tar', ['xf', tarball, '--strip-components=1'], { cwd: folder });
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const names = Object.keys(dependencies).filter((name) => !name.startsWith('@nearside/'));
    const missing = names.filter((name) => !existsSync(join(app, 'node_modules', name)));
    await linkPackages(app, missing);
  }
  mkdirSync(join(app, 'node_modules/.bin'));
  const bin = '../@nearside/collector/bin/nearside-collector.js';
  symlinkSync(bin, join(app, 'node_modules/.bin/nearside-collector'));
}

/** Runs the entry point as the last stage says, on any free port. */
async function startImage(stage: readonly Instruction[]) {
  const [folder = ''] = wordsOf(stage, 'WORKDIR');
  const cwd = join(image, folder);
  mkdirSync(cwd, { recursive: true });
  await writeFile(join(image, 'read-token'), TOKEN);
  const variables = Object.entries(variablesIn(stage)).map(([name, value]) => {
    return [name, value.startsWith('/') ? image + value.split(':')[0] : value];
  });
  const env = {
    ...Object.fromEntries(variables),
    NEARSIDE_PORT: '0',
    NEARSIDE_READ_TOKEN_FILE: join(image, 'read-token'),
    NEARSIDE_JSON: 'true',
  };
  env.PATH = [env.PATH, dirname(process.execPath), process.env.PATH].join(delimiter);
  const [program, ...args] = JSON.parse(wordsOf(stage, 'ENTRYPOINT').join());
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line');
  const { port } = JSON.parse(line);
  const [check = ''] = /\[.*\]/.exec(wordsOf(stage, 'HEALTHCHECK').join()) ?? [];
  const [checker, ...words] = JSON.parse(check);
  return {
    url: `http://127.0.0.1:${port}`,
    checkHealth: () =>
      promisify(execFile)(checker, words, { env: { ...env, NEARSIDE_PORT: String(port) } }),
    async stop(): Promise<number> {
      child.kill('SIGTERM');
      const [exitCode] = await once(child, 'exit');
      return exitCode;
    },
  };
}
