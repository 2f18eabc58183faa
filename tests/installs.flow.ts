import { execFile, spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { promisify, stripVTControlCharacters } from 'node:util';
import { expect, test } from '@playwright/test';
import { publint } from 'publint';
import { codeOf, followQuickStart } from '../consumers/quick-start.mjs';
import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';
import { publishModels, startCollectorIn, startRepository } from '../scripts/stack.mjs';
import { packPackages } from '../scripts/stage-packages.mjs';

/** What `npm install nearside @nearside/publisher @nearside/collector` brings of ours. */
const PACKAGES = ['core', 'artifact', 'pipeline', 'nearside', 'publisher', 'collector'];

/** A stroke that is a one. */
const PHOTO = `const data = new Uint8ClampedArray(28 * 28 * 4);
for (let y = 5; y < 23; y += 1) data.fill(255, (y * 28 + 13) * 4, (y * 28 + 15) * 4);
const photo = { data, width: 28, height: 28 };
`;

/** Of the README's flower, by scikit-learn: printed by tests/fixtures/make-iris.py. */
const PROBABILITIES = [0.981688249, 0.0183117366, 1.44251018e-8];

let dir: string;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  dir = await mkdtemp(`${tmpdir()}/nearside-app-`);
  const tarballs = Object.entries(await packPackages(dir, PACKAGES));
  await writeApp(dir, Object.fromEntries(tarballs.map(([name, path]) => [name, `file:${path}`])));
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
  run('npm', ['install', '--ignore-scripts', ...quiet], dir);
  // Its install script compiles SQLite for minutes where it cannot fetch it. The checkout has done so.
  const binary = 'node_modules/better-sqlite3/build';
  await cp(`${root}${binary}`, `${dir}/${binary}`, { recursive: true });
});

test.afterAll(async () => {
  await rm(dir, { recursive: true });
});

test('the packed packages install into a fresh Vite app, which classifies a digit', async ({
  page,
}) => {
  const { repository, pin } = await publishModels(dir, ['digits']);
  const server = await startRepository(repository, 0);
  run('npx', ['vite', 'build', '--logLevel', 'warn'], dir);
  const config = { model: `${server.url}/digits`, trust: pin };
  const site = await serveSite({ dir: `${dir}/dist`, config, port: 0 });

  // serveSite isolates the page, so the copied worker file has to start threads from itself.
  const threads = { 'onnx-wasm': Math.min(4, cpus().length), 'tfjs-wasm': 1 };
  for (const [backend, count] of Object.entries(threads)) {
    await page.goto(`${site.url}?backend=${backend}`);
    const expected = `1 by ${backend}, threads: ${count}`;
    await expect(page.locator('#result')).toHaveText(expected);
  }

  await site.close();
  await server.close();
});

test('the README’s first file, served by its command, prints in Node what stands under it', async () => {
  const { expected, printed } = await followQuickStart(dir);
  expect(printed).toBe(expected);
});

test('the README’s second file runs an ONNX file that nobody has signed, as scikit-learn does', async () => {
  const files = await serveSite({ dir: `${root}tests/fixtures`, config: {}, port: 0 });
  const file = (await codeOf('README.md'))[1] as string;
  await writeFile(
    `${dir}/unsigned.mjs`,
    file.replace('/model.onnx', new URL('iris.onnx', files.url).href),
  );
  const printed = await runProgram('unsigned.mjs');
  await files.close();
  const [, ...probabilities] = printed.match(/\[\s*([\d.e-]+),\s*([\d.e-]+),\s*([\d.e-]+)/) ?? [];
  for (const [i, expected] of PROBABILITIES.entries()) {
    expect(Number(probabilities[i])).toBeCloseTo(expected, 5);
  }
});

test('the snippets that open a model by its address run, and one that has a collector reports to it', async () => {
  const { repository, pin } = await publishModels(dir, ['digits']);
  const server = await startRepository(repository, 0);
  const collector = await startCollectorIn(dir, 0);
  for (const page of ['README.md', 'packages/nearside/README.md']) {
    const snippets = await codeOf(page, 'ts');
    const snippet = snippets.find((code) => code.includes('trust:')) ?? '';
    const program = snippet
      .replace(/'https:.*?'/, `'${server.url}/digits'`)
      .replace(/'sha256-.*?'/, `'${pin}'`)
      .replace("'/v1/reports'", `'${collector.url}/v1/reports'`);
    await writeFile(`${dir}/snippet.mjs`, `${PHOTO}${program}console.log(output[0].label);`);
    expect((await runProgram('snippet.mjs')).at(-2), page).toBe('1');
  }
  const { models } = await (await fetch(`${collector.url}/v1/fleet/models`)).json();
  expect(models.map(({ model }: { model: string }) => model)).toEqual(['digits']);
  await collector.close();
  await server.close();
});

test('the publisher’s README: its commands print what it says, and its lines do the same as a library', async () => {
  const page = 'packages/publisher/README.md';
  const [session = ''] = await codeOf(page, 'console');
  const asCommands = await makeFolder('as-commands');
  let printed = '';
  for (const [line, command = ''] of session.matchAll(/^\$ (.*)$/gm)) {
    printed += `${line}\n${run('sh', ['-c', command], asCommands)}\n`;
  }
  expectSameText(printed, session);

  const asLibrary = await makeFolder('as-library');
  const [lines = ''] = await codeOf(page, 'ts');
  await writeFile(`${asLibrary}/publish.mjs`, `${lines}console.log(open, changed, models[0]);`);
  const told = await runProgram('publish.mjs', asLibrary);
  expect(told).toMatch(/^open\(.*\) true \{\s+name: 'digits'/);
});

test('the collector’s README: its command and its lines print what it says', async () => {
  const page = 'packages/collector/README.md';
  const [command = ''] = await codeOf(page, 'sh');
  const [, addresses = '', answers = ''] = await codeOf(page, '');
  const collector = spawn('sh', ['-c', `exec ${command}`], { cwd: dir, detached: true });
  let printed = '';
  for await (const text of collector.stdout) {
    printed += text;
    if (printed.includes('file')) break;
  }
  process.kill(-(collector.pid ?? 0)); // npx and what it has started
  expectSameText(printed, addresses);

  const [lines = ''] = await codeOf(page);
  await writeFile(`${dir}/collect.mjs`, lines.replace('reports.sqlite', 'other.sqlite'));
  expectSameText(await runProgram('collect.mjs'), answers);
});

test('what is packed has all that it names, and nothing that tools would trip over', async () => {
  for (const name of PACKAGES) {
    const { messages } = await publint({
      pkgDir: `${dir}/staged/${name}`,
      pack: false,
      strict: true,
    });
    expect(messages, name).toEqual([]);
  }
});

test('the command of either package is the same', () => {
  const { stdout: help } = spawnSync('npx', ['nearside', '--help'], { cwd: dir, encoding: 'utf8' });
  expect(help).toContain('try [options]');
  for (const name of ['nearside', '@nearside/publisher']) {
    expect(run('node', [`node_modules/${name}/bin/nearside.js`, '--help'], dir)).toBe(help);
  }
});

/** The README's lines, and a stroke that is a one. */
async function writeApp(dir: string, dependencies: Record<string, string>): Promise<void> {
  const app = { type: 'module', private: true, dependencies, devDependencies: { vite: '8.3.8' } };
  await writeFile(`${dir}/package.json`, JSON.stringify(app));
  await writeFile(
    `${dir}/index.html`,
    '<!doctype html><p id="result"></p><script type="module" src="/main.js"></script>',
  );
  await writeFile(
    `${dir}/main.js`,
    `import { open } from 'nearside';
     const { model: url, trust } = await (await fetch('/nearside.config.json')).json();
     const backend = new URLSearchParams(location.search).get('backend');
     const canvas = new OffscreenCanvas(280, 280);
     const context = canvas.getContext('2d');
     context.fillRect(0, 0, 280, 280);
     context.fillStyle = 'white';
     context.fillRect(128, 50, 24, 180);
     const result = document.querySelector('#result');
     try {
       const model = await open(url, { trust, backend });
       const { output, meta } = await model.run(canvas);
       result.textContent = output[0].label + ' by ' + meta.backend + ', threads: ' + meta.threads;
       await model.close();
     } catch (error) {
       result.textContent = error.code + ': ' + error.message;
     }`,
  );
}

/** A folder of its own, with the model that the README packs. */
async function makeFolder(name: string): Promise<string> {
  const folder = `${dir}/${name}`;
  await mkdir(folder);
  await cp(`${root}models/digits`, `${folder}/models/digits`, { recursive: true });
  return folder;
}

/** @returns what it printed, without colours */
async function runProgram(file: string, cwd = dir): Promise<string> {
  return stripVTControlCharacters((await promisify(execFile)('node', [file], { cwd })).stdout);
}

/** But for keys, dates and ports. A line of the page that is `…` stands for any number of lines. */
function expectSameText(printed: string, onPage: string): void {
  const general = (text: string) =>
    text
      .replace(/sha256-[\w-]{43}/g, 'sha256-…')
      .replace(/\b[0-9a-f]{64}\b/g, '<key>')
      .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '<date>')
      .replace(/(127\.0\.0\.1):\d+/g, '$1:<port>')
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '');
  const lines = general(printed);
  const expected = general(onPage);
  const gap = expected.findIndex((line) => line.trim() === '…');
  if (gap >= 0) {
    const after = expected.length - gap - 1;
    lines.splice(gap, lines.length - after - gap, expected[gap] as string);
  }
  expect(lines).toEqual(expected);
}

function run(command: string, args: string[], cwd: string): string {
  // A build by Vite in another test has set it for this process; npm would leave out what is for development.
  const { NODE_ENV: _, ...env } = process.env;
  const { status, stderr, stdout } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  return stdout;
}
