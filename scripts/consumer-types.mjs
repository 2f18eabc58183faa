// npm run test:types-of-consumers: whether the packages, packed as they are published, compile in other people's
// projects without `skipLibCheck`, in old and new compilers, and what publint and attw say of them. With --json it prints one JSON object.
import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './root.mjs';
import { packPackages } from './stage-packages.mjs';

/** Oldest that is supported, the last of each line after it, and the newest. */
const COMPILERS = ['5.4.5', '5.9.3', '6.0.3', '7.0.2'];

const RESOLUTIONS = { bundler: 'esnext', nodenext: 'nodenext' };

/** What a project has of its environment's types. */
const ENVIRONMENTS = {
  page: { lib: ['ES2022', 'DOM'], types: [], packages: ['nearside'] },
  worker: { lib: ['ES2022', 'WebWorker'], types: [], packages: ['nearside'] },
  node: { lib: ['ES2022'], types: ['node'] },
};
const NODE_TYPES = '20.19.9';

/** Most of a compiler's time goes into valibot's types, on one core. */
const AT_A_TIME = 2;

/** Entries that are no modules for anybody's code. */
const COMMANDS = { '@nearside/publisher': ['command'] };

async function main() {
  const dir = await mkdtemp(join(tmpdir(), 'nearside-types-'));
  try {
    const tarballs = await packPackages(dir);
    await install(dir, tarballs);
    const results = [...(await compileAll(dir)), ...checkTarballs(tarballs)];
    console.log(process.argv.includes('--json') ? JSON.stringify({ results }) : table(results));
    process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function install(dir, tarballs) {
  const compilers = COMPILERS.map((version) => [compiler(version), `npm:typescript@${version}`]);
  const dependencies = {
    ...Object.fromEntries(Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`])),
    ...Object.fromEntries(compilers),
    '@types/node': NODE_TYPES,
  };
  const manifest = { private: true, type: 'module', dependencies };
  await writeFile(join(dir, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], dir);
}

function compiler(version) {
  return `typescript-${version}`;
}

async function compileAll(dir) {
  await cp(join(root, 'scripts/consumer-types'), dir, { recursive: true });
  for (const [name, environment] of Object.entries(ENVIRONMENTS)) {
    await writeFile(join(dir, `${name}-entries.ts`), await importsOfAll(dir, environment.packages));
  }
  const projects = COMPILERS.flatMap((version) =>
    Object.keys(RESOLUTIONS).flatMap((resolution) =>
      Object.keys(ENVIRONMENTS).map((environment) => ({ version, resolution, environment })),
    ),
  );
  const results = [];
  const waiting = projects.entries();
  async function compileInTurn() {
    for (const [i, project] of waiting) results[i] = await compile(dir, project);
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, compileInTurn));
  return results;
}

/** A module that imports each entry that has types, so that all of their types are checked. */
async function importsOfAll(dir, packages) {
  const { dependencies } = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'));
  const ours = packages ?? Object.keys(dependencies).filter((name) => name.includes('nearside'));
  const entries = [];
  for (const name of ours) {
    const manifest = join(dir, 'node_modules', name, 'package.json');
    const { exports } = JSON.parse(await readFile(manifest, 'utf8'));
    const typed = Object.keys(exports).filter((path) => exports[path].types);
    entries.push(...typed.map((path) => name + path.slice(1)));
  }
  return entries.map((entry, i) => `export * as entry${i} from '${entry}';\n`).join('');
}

async function compile(dir, { version, resolution, environment }) {
  const { lib, types } = ENVIRONMENTS[environment];
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    skipDefaultLibCheck: true, // TypeScript's own, which take longest
    target: 'es2022',
    module: RESOLUTIONS[resolution],
    moduleResolution: resolution,
    lib,
    types,
  };
  const files = [`${environment}.ts`, `${environment}-entries.ts`];
  const name = `TypeScript ${version}, ${resolution}, ${environment}`;
  const project = join(dir, `${name.replaceAll(/[ ,]+/g, '-')}.json`);
  await writeFile(project, JSON.stringify({ compilerOptions, files }));
  const tsc = join(dir, 'node_modules', compiler(version), 'bin/tsc');
  const begunMs = Date.now();
  return new Promise((resolve) => {
    execFile('node', [tsc, '-p', project, '--pretty', 'false'], { cwd: dir }, (error, stdout) => {
      const said = error ? stdout.trim().split('\n') : [];
      resolve({ name, ok: !error, ms: Date.now() - begunMs, said });
    });
  });
}

function checkTarballs(tarballs) {
  return Object.entries(tarballs).flatMap(([name, tarball]) => {
    const left = COMMANDS[name] ? ['--exclude-entrypoints', ...COMMANDS[name]] : [];
    return [
      check(`publint, ${name}`, ['publint', 'run', tarball, '--strict']),
      check(`attw, ${name}`, ['attw', tarball, '--profile', 'esm-only', '--no-color', ...left]),
    ];
  });
}

function check(name, args) {
  const begunMs = Date.now();
  const { status, stdout, stderr } = spawnSync('npx', ['--no', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  const said = status === 0 ? [] : `${stdout}\n${stderr}`.trim().split('\n');
  return { name, ok: status === 0, ms: Date.now() - begunMs, said };
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

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
}

await main();
