// npm run test:registry: runs the steps that publish in .github/workflows/release.yml against a registry on this machine, and
// does from there what the README's first lines say, in an empty folder. With --json it prints one JSON object. All must be built.
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../scripts/root.mjs';
import { readWorkflow } from '../scripts/workflows.mjs';
import { freePort } from './free-port.mjs';
import { followQuickStart, sealOwnFile } from './quick-start.mjs';

/** The last for Node 20. Installed into the test's folder: it is of use nowhere else. */
const VERDACCIO = '6.8.0';

/** The step of the release that makes a fresh clone ready: this checkout is. */
const READY_HERE = 'npm ci';

/** In the place of what the code host says. */
const REPOSITORY = 'https://git.example/near/side';

/** ms: the registry starts in some seconds, on a busy machine in more. */
const START_LIMIT_MS = 120_000;

const { json } = parseArgs({ options: { json: { type: 'boolean', default: false } } }).values;
const dir = await mkdtemp(join(tmpdir(), 'nearside-registry-'));
const results = [];
let registry;
try {
  await step('a registry starts on this machine', startRegistry);
  await step('a tag of another version stages nothing', refuseTag);
  await step(
    'the steps of the release publish every package, each after what it depends on',
    release,
  );
  await step('the steps of the release, begun again, publish what is missing', publishAgain);
  await step('the README’s first lines print a digit', followReadme);
  await step('a file of one’s own is sealed by one command, without Python and keys', sealFile);
  await step('nearside alone fetches its command from the registry', fetchCommand);
} finally {
  registry?.stop();
  await rm(dir, { recursive: true, force: true });
}
const failed = results.filter(({ ok }) => !ok).length;
console.log(json ? JSON.stringify({ results }) : table());
process.exitCode = failed === 0 ? 0 : 1;

/** The tests build on each other: after one that failed the others say so. */
async function step(name, run) {
  const begunMs = Date.now();
  if (results.some(({ ok }) => !ok)) {
    results.push({ name, ok: false, ms: 0, said: 'not tried: a step before it failed' });
    return;
  }
  try {
    const said = await run();
    results.push({ name, ok: true, ms: Date.now() - begunMs, said });
  } catch (error) {
    results.push({ name, ok: false, ms: Date.now() - begunMs, said: error.message });
  }
}

/**
 * Ours come from here alone, also where the registry that npm is configured with has packages of these names; all
 * others from that one.
 */
async function startRegistry() {
  const folder = await makeFolder('registry');
  const upstream = npm(root, ['config', 'get', 'registry']).trim();
  // Its audit, which is not used, asks for a tag that not every registry has.
  const manifest = { private: true, overrides: { 'node-fetch': '2.7.0' } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const quiet = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  npm(folder, ['install', ...quiet, `verdaccio@${VERDACCIO}`]);
  const open = { access: '$all', publish: '$all', unpublish: '$all' };
  const config = {
    storage: join(folder, 'storage'),
    auth: {},
    uplinks: { upstream: { url: upstream, maxage: '60m', cache: false } },
    packages: { nearside: open, '@nearside/*': open, '**': { access: '$all', proxy: 'upstream' } },
    max_body_size: '100mb',
    log: { type: 'stdout', format: 'json', level: 'error' },
    web: { enable: false },
  };
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(config)); // JSON is YAML
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const args = ['--config', join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`];
  const verdaccio = join(folder, 'node_modules/verdaccio/bin/verdaccio');
  const child = spawn(process.execPath, [verdaccio, ...args], { cwd: folder, stdio: 'pipe' });
  let printed = '';
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (text) => {
      printed += text;
    });
  }
  await answers(`${url}-/ping`, child).catch((error) => {
    child.kill();
    throw new Error(`${error.message}\n${printed}`);
  });
  // npm asks for a token before it publishes; this registry takes any.
  await writeFile(join(dir, 'npmrc'), `//127.0.0.1:${port}/:_authToken=any\n`);
  registry = { url, stop: () => child.kill() };
  return `verdaccio ${VERDACCIO}`;
}

async function answers(url, child) {
  const until = Date.now() + START_LIMIT_MS;
  while (Date.now() < until && child.exitCode === null) {
    const { ok } = await fetch(url).catch(() => ({ ok: false }));
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`expected the registry to answer at ${url}, got none`);
}

async function refuseTag() {
  const { status, stderr } = spawnSync(
    'npm',
    ['run', 'stage', '--', '--release', '--tag', 'v9.9.9'],
    {
      cwd: root,
      encoding: 'utf8',
      env: await environmentOfRelease(),
    },
  );
  const said = stderr.match(/^Expected the tag .*$/m)?.[0];
  if (status === 0 || !said) throw new Error(`expected a refusal, got ${stderr}`);
  return said;
}

async function release() {
  const printed = await runRelease();
  const published = [...printed.matchAll(/^Published (.*)\.$/gm)].map(([, name]) => name);
  if (published.length === 0) throw new Error(`expected packages, got ${printed}`);
  const { repository, bugs } = JSON.parse(npm(dir, ['view', 'nearside', '--json']));
  if (!`${repository.url} ${bugs.url ?? bugs}`.includes(REPOSITORY)) {
    throw new Error(`expected ${REPOSITORY}, got ${JSON.stringify({ repository, bugs })}`);
  }
  return published.join(', ');
}

/** After a job that ended midway. */
async function publishAgain() {
  npm(dir, ['unpublish', '--force', '@nearside/collector']);
  const printed = await runRelease();
  const published = [...printed.matchAll(/^Published (\S+)/gm)].map(([, name]) => name);
  if (published.join() !== '@nearside/collector') throw new Error(`got ${printed}`);
  return published.join();
}

/** @returns what the steps of the workflow's jobs printed */
async function runRelease() {
  const { jobs } = await readWorkflow('release');
  const steps = [...jobs.stage.steps, ...jobs.publish.steps];
  const commands = steps.flatMap(({ run }) => run ?? []);
  const env = await environmentOfRelease();
  const printed = commands
    .filter((command) => command !== READY_HERE)
    .map((command) => run('bash', ['-e', '-c', command], root, env));
  return printed.join('');
}

/** As the code host gives it, but for the identity: a provenance is made there alone. */
async function environmentOfRelease() {
  const { version } = JSON.parse(
    await readFile(join(root, 'packages/nearside/package.json'), 'utf8'),
  );
  return {
    ...environment(),
    NEARSIDE_REPOSITORY: REPOSITORY,
    GITHUB_REF_NAME: `v${version}`,
    npm_config_provenance: 'false',
  };
}

async function followReadme() {
  const app = await makeFolder('app');
  npm(app, ['install', 'nearside', '@nearside/publisher']);
  const { expected, printed } = await followQuickStart(app, environment());
  if (printed !== expected) throw new Error(`expected ${expected}, got ${printed}`);
  return printed;
}

async function sealFile() {
  const app = await makeFolder('own');
  npm(app, ['install', 'nearside', '@nearside/publisher']);
  await copyFile(join(root, 'packages/publisher/fixtures/affine.onnx'), join(app, 'model.onnx'));
  const said = await sealOwnFile(app, { ...environment(), PATH: await folderOfNode() });
  if (!/^1,\d+ 0\.0\.0-h[0-9a-f]{8}$/.test(said)) throw new Error(`expected a tensor, got ${said}`);
  return said;
}

/** A folder with Node's commands and the shell that npm needs, and nothing else. */
async function folderOfNode() {
  const folder = await makeFolder('bin');
  for (const name of ['node', 'npx', 'sh']) {
    const place = run('sh', ['-c', `command -v ${name}`], folder).trim();
    await symlink(place, join(folder, name));
  }
  return folder;
}

async function fetchCommand() {
  const app = await makeFolder('alone');
  npm(app, ['install', 'nearside']);
  const installed = await readdir(join(app, 'node_modules/@nearside'));
  if (installed.includes('publisher'))
    throw new Error('expected nearside alone, got the publisher too');
  const help = run('npx', ['nearside', '--help'], app);
  if (!help.includes('publish [options]'))
    throw new Error(`expected the command's help, got ${help}`);
  return help.trim().split('\n')[0];
}

async function makeFolder(name) {
  const folder = join(dir, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** npm's of a user who has this registry, and nothing in a cache. */
function environment() {
  if (!registry) return process.env;
  return {
    ...process.env,
    npm_config_registry: registry.url,
    npm_config_userconfig: join(dir, 'npmrc'),
    npm_config_cache: join(dir, 'cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_noproxy: '127.0.0.1',
  };
}

function npm(cwd, args) {
  return run('npm', args, cwd);
}

function run(command, args, cwd, env = environment()) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  return stdout;
}

function table() {
  const lines = results.map(
    ({ name, ok, ms, said }) =>
      `${ok ? '✓' : '✗'} ${name} (${(ms / 1000).toFixed(1)} s)\n    ${said}`,
  );
  return [...lines, `${results.length - failed} passed, ${failed} failed`].join('\n');
}
