import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startCollector } from '../packages/collector/src/server/start-collector.js';
import { VARIABLES } from './check-variables.js';
import { readStages, variablesIn, wordsOf } from './dockerfile.js';
import { root } from './root.mjs';

const image = readStages().at(-1) ?? [];
const unit = read('deploy/nearside-collector.service');
const files = ['Dockerfile', 'compose.yaml', ...inFolder('deploy')];

/** From the root of the repository. */
function read(file: string): string {
  return readFileSync(root + file, 'utf8');
}

function inFolder(folder: string): string[] {
  const names = readdirSync(root + folder, { withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map(({ name }) => `${folder}/${name}`);
}

test.each(files)('each NEARSIDE_ variable in %s is one of a collector', (file) => {
  const named = [...read(file).matchAll(/\bNEARSIDE_[A-Z_]+/g)].map(([name]) => name);
  expect(named.filter((name) => !VARIABLES.includes(name))).toEqual([]);
});

test('each path that is asked of a collector in these files is answered', async () => {
  await using collector = await startCollector({ file: ':memory:', port: 0, local: true });
  const asked = files.flatMap((file) => [...read(file).matchAll(/(?<=\W)\/(?:\w+z|metrics)\b/g)]);
  const paths = new Set(asked.map(([path]) => path));
  expect(paths).toContain('/healthz');
  for (const path of paths) {
    expect((await fetch(collector.url + path)).status, path).toBe(200);
  }
});

test('the image holds no secret, and its collector is not root', () => {
  expect(read('Dockerfile')).not.toMatch(/^(?:ARG|ENV)\b.*(?:TOKEN|PASSWORD|SECRET|KEY)/m);
  expect(wordsOf(image, 'USER')).toEqual(['1000:1000']);
  expect(wordsOf(image, 'VOLUME')).toEqual(['/data']);
  expect(wordsOf(image, 'WORKDIR')).toEqual(['/data']);
  expect(wordsOf(image, 'EXPOSE')).toEqual([variablesIn(image).NEARSIDE_PORT]);
});

test('the context of the image is a list of what it needs, and all of it exists', () => {
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => /^[^#]/.test(line));
  expect(lines[0]).toBe('*');
  const taken = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  for (const path of taken) {
    const [folder = ''] = path.split('/*');
    expect(existsSync(root + folder), path).toBe(true);
  }
  expect(taken.filter((path) => /secret|token|\.env|\.git$/.test(path))).toEqual([]);
});

test('what builds the image needs nothing that its context lacks', () => {
  const { scripts } = JSON.parse(read('packages/collector/package.json'));
  const copied = scripts.build.match(/(?<=\.\.\/\.\.\/)docs\/[\w/]+/g) ?? [];
  const taken = read('.dockerignore').match(/(?<=^!).*/gm) ?? [];
  const lacking = [...copied, ...importedBy('scripts/stage-packages.mjs')].filter((file) => {
    return !taken.some((path) => file === path || file.startsWith(`${path}/`));
  });
  expect(lacking).toEqual([]);
});

/** The files of the repository that a script loads, from the root. */
function importedBy(script: string, found = new Set<string>()): string[] {
  if (found.has(script)) return [];
  found.add(script);
  for (const [, path = ''] of read(script).matchAll(/^(?:import|}) .*from '(\.[^']+)'/gm)) {
    importedBy(new URL(path, `file:///${script}`).pathname.slice(1), found);
  }
  return [...found];
}

test('the health check of the image finds a collector that serves, and fails without one', async () => {
  const [words = ''] = /\[.*\]/.exec(wordsOf(image, 'HEALTHCHECK').join()) ?? [];
  const [program, ...args] = JSON.parse(words);
  expect(program).toBe('node');
  const check = (port: number) => {
    const env = { ...process.env, NEARSIDE_PORT: String(port) };
    return promisify(execFile)(process.execPath, args, { env });
  };
  const collector = await startCollector({ file: ':memory:', port: 0, local: true });
  await check(collector.port);
  await collector.close();
  await expect(check(collector.port)).rejects.toMatchObject({ code: 1 });
});

test('each credential and folder that the service names is given to it', () => {
  const given = [...unit.matchAll(/^LoadCredential=([\w-]+):/gm)].map(([, name]) => name);
  const used = [...unit.matchAll(/=%d\/([\w-]+)$/gm)].map(([, name]) => name);
  expect(used).toEqual(given);
  expect(unit).toMatch(/^Environment=NEARSIDE_FILE=%S\/nearside-collector\//m);
  expect(unit).toMatch(/^StateDirectory=nearside-collector$/m);
  expect(unit).toMatch(/^DynamicUser=yes$/m);
  expect(unit).toContain(
    JSON.parse(read('packages/collector/package.json')).bin['nearside-collector'].slice(1),
  );
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test.skipIf(!hasSystemd)(
  'systemd finds nothing wrong with the service, and little exposed',
  async () => {
    const folder = await mkdtemp(`${tmpdir()}/nearside-unit-`);
    try {
      const path = `${folder}/nearside-collector.service`;
      await writeFile(path, unit.replace('/usr/bin/node', process.execPath));
      const analyze = (words: string[]) =>
        spawnSync('systemd-analyze', [...words, path], { encoding: 'utf8' });
      expect(analyze(['verify'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
      // a tenth of its scale: 15 is 1.5, "OK"
      const { status, stdout } = analyze(['security', '--offline=true', '--threshold=15']);
      expect(status, stdout).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
