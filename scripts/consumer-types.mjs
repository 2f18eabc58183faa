// npm run test:types-of-consumers: whether the packages, packed as they are published, compile in other people's
// projects without `skipLibCheck`, in old and new compilers, and what publint and attw say of them. With --json it prints one
// JSON object. All must be built.
import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './root.mjs';
import { packPackages } from './stage-packages.mjs';

/** Oldest that is supported, the last of each line after it, and the newest. */
const COMPILERS = ['5.4.5', '5.9.3', '6.0.3', '7.0.2'];
const NEWEST = '7.0.2';

const RESOLUTIONS = { bundler: 'esnext', nodenext: 'nodenext' };

/** What a project has of its environment's types, and which of our packages it may use; by default all. */
const ENVIRONMENTS = {
  page: { lib: ['ES2022', 'DOM'], types: [], packages: ['nearside'] },
  worker: { lib: ['ES2022', 'WebWorker'], types: [], packages: ['nearside'] },
  node: { lib: ['ES2022'], types: ['node'] },
};
const NODE_TYPES = '20.19.9';

/** The helpers of Vue and Svelte take types from them, for pages. That of React has its own. */
const FRAMEWORKS = { svelte: '5.57.3', vue: '3.5.45' };
const OF_FRAMEWORKS = ['nearside/react', 'nearside/svelte', 'nearside/vue'];

/** Entries that nobody's code imports: a script tag's file, a command. */
const NOT_IMPORTED = {
  nearside: ['nearside.global.js', 'nearside.later.js'],
  '@nearside/publisher': ['command'],
};

/** Models of this repository that `page.ts` opens by the modules which `nearside seal` writes. */
const MODELS = ['digits', 'breast-cancer'];

const AT_A_TIME = 2;

const { json, full } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
  },
}).values;
const dir = await mkdtemp(join(tmpdir(), 'nearside-types-'));
try {
  const tarballs = await packPackages(dir);
  await install(tarballs);
  await writeSources(Object.keys(tarballs));
  for (const model of MODELS) await sealWithModule(model);
  const results = await inTurn([...compilations(), ...checksOf(tarballs)]);
  console.log(json ? JSON.stringify({ results }) : table(results));
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}

async function install(tarballs) {
  const ours = Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`]);
  const compilers = COMPILERS.map((version) => [compiler(version), `npm:typescript@${version}`]);
  const dependencies = {
    ...Object.fromEntries([...ours, ...compilers]),
    '@types/node': NODE_TYPES,
    ...FRAMEWORKS,
  };
  const manifest = { private: true, type: 'module', dependencies };
  await writeFile(join(dir, 'package.json'), JSON.stringify(manifest));
  const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync('npm', ['install', ...quiet], {
    cwd: dir,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm install failed:\n${stderr}`);
}

function compiler(version) {
  return `typescript-${version}`;
}

/** For each environment a program, and a module that has every entry, so that all of their types are checked. */
async function writeSources(ours) {
  await cp(join(root, 'scripts/consumer-types'), dir, { recursive: true });
  for (const [environment, { packages = ours }] of Object.entries(ENVIRONMENTS)) {
    const all = (await Promise.all(packages.map(entriesOf))).flat();
    const entries = all.filter((name) => environment === 'page' || !OF_FRAMEWORKS.includes(name));
    const lines = entries.map((entry, i) => `export * as entry${i} from '${entry}';\n`);
    await writeFile(join(dir, `${environment}-entries.ts`), lines.join(''));
  }
}

async function sealWithModule(model) {
  const words = ['--out', `public/models/${model}`, '--module', `${model}.model.ts`];
  const { ok, said } = await succeeds(
    'npx',
    ['--no', 'nearside', 'seal', join(root, 'models', model), ...words],
    dir,
  );
  if (!ok) throw new Error(`nearside seal failed:\n${said.join('\n')}`);
}

async function entriesOf(name) {
  const manifest = join(dir, 'node_modules', name, 'package.json');
  const { exports } = JSON.parse(await readFile(manifest, 'utf8'));
  const typed = Object.keys(exports).filter((path) => exports[path].types);
  return typed.map((path) => name + path.slice(1));
}

function compilations() {
  return COMPILERS.flatMap((version) =>
    Object.keys(RESOLUTIONS).flatMap((resolution) =>
      Object.keys(ENVIRONMENTS).map((environment) => ({
        name: `TypeScript ${version}, ${resolution}, ${environment}`,
        run: () => compile({ version, resolution, environment }),
      })),
    ),
  );
}

async function compile({ version, resolution, environment }) {
  const { lib, types } = ENVIRONMENTS[environment];
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: RESOLUTIONS[resolution],
    moduleResolution: resolution,
    lib,
    types,
    skipDefaultLibCheck: true, // TypeScript's own
    // What is in a file of types does not hang on how it was found, and to check valibot's takes 8 s of a core.
    skipLibCheck: resolution === 'nodenext' && version !== NEWEST && !full,
  };
  const files = [`${environment}.ts`, `${environment}-entries.ts`];
  const project = join(dir, `${version}-${resolution}-${environment}.json`);
  await writeFile(project, JSON.stringify({ compilerOptions, files }));
  const tsc = join(dir, 'node_modules', compiler(version), 'bin/tsc');
  return succeeds(process.execPath, [tsc, '-p', project, '--pretty', 'false'], dir);
}

function checksOf(tarballs) {
  return Object.entries(tarballs).flatMap(([name, tarball]) => {
    const left = NOT_IMPORTED[name] ? ['--exclude-entrypoints', ...NOT_IMPORTED[name]] : [];
    const esmOnly = ['--profile', 'esm-only', '--no-color', ...left];
    return [
      {
        name: `publint, ${name}`,
        run: () => succeeds('npx', ['--no', 'publint', 'run', tarball, '--strict'], root),
      },
      {
        name: `attw, ${name}`,
        run: () => succeeds('npx', ['--no', 'attw', tarball, ...esmOnly], root),
      },
    ];
  });
}

/** Some at a time, and the results in order. */
async function inTurn(tasks) {
  const results = [];
  const waiting = tasks.entries();
  async function work() {
    for (const [i, { name, run }] of waiting) {
      const begunMs = Date.now();
      const { ok, said } = await run();
      results[i] = { name, ok, ms: Date.now() - begunMs, said };
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}

/** @returns {Promise<{ ok: boolean, said: string[] }>} what it printed only where it failed */
function succeeds(command, args, cwd) {
  return new Promise((resolve) => {
    execFile(command, args, { cwd }, (error, stdout, stderr) => {
      resolve({ ok: !error, said: error ? `${stdout}\n${stderr}`.trim().split('\n') : [] });
    });
  });
}

function table(results) {
  const width = Math.max(...results.map(({ name }) => name.length));
  const lines = results.flatMap(({ name, ok, ms, said }) => [
    `${ok ? '✓' : '✗'} ${name.padEnd(width)} ${(ms / 1000).toFixed(1).padStart(6)} s`,
    ...said.map((line) => `    ${line}`),
  ]);
  const failed = results.filter(({ ok }) => !ok).length;
  return [...lines, `${results.length - failed} passed, ${failed} failed`].join('\n');
}
