import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { promisify, stripVTControlCharacters } from 'node:util';
import { expect, test } from '@playwright/test';
import { publint } from 'publint';
import { filesOfReadme, followQuickStart } from '../consumers/quick-start.mjs';
import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';
import { publishModels, startRepository } from '../scripts/stack.mjs';
import { packPackages } from '../scripts/stage-packages.mjs';

/** What `npm install nearside @nearside/publisher` brings of ours. */
const PACKAGES = ['core', 'artifact', 'pipeline', 'nearside', 'publisher'];

/** Of the README's flower, by scikit-learn: printed by tests/fixtures/make-iris.py. */
const PROBABILITIES = [0.981688249, 0.0183117366, 1.44251018e-8];

let dir: string;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  dir = await mkdtemp(`${tmpdir()}/nearside-app-`);
  const tarballs = Object.entries(await packPackages(dir, PACKAGES));
  await writeApp(dir, Object.fromEntries(tarballs.map(([name, path]) => [name, `file:${path}`])));
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], dir);
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
    await expect(page.locator('#result')).toHaveText(expected, { timeout: 30_000 });
  }

  await site.close();
  await server.close();
});

test('the README’s first lines print a digit: its command serves the model, its file opens it', async () => {
  expect(await followQuickStart(dir)).toMatch(/^\{ label: '1', score: 0\.9/);
});

test('the README’s second file runs an ONNX file that nobody has signed, as scikit-learn does', async () => {
  const files = await serveSite({ dir: `${root}tests/fixtures`, config: {}, port: 0 });
  const file = (await filesOfReadme())[1] as string;
  await writeFile(
    `${dir}/unsigned.mjs`,
    file.replace('/model.onnx', new URL('iris.onnx', files.url).href),
  );
  const printed = stripVTControlCharacters(
    (await promisify(execFile)('node', ['unsigned.mjs'], { cwd: dir })).stdout,
  );
  await files.close();
  const [, ...probabilities] = printed.match(/\[\s*([\d.e-]+),\s*([\d.e-]+),\s*([\d.e-]+)/) ?? [];
  for (const [i, expected] of PROBABILITIES.entries()) {
    expect(Number(probabilities[i])).toBeCloseTo(expected, 5);
  }
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

function run(command: string, args: string[], cwd: string): string {
  const { status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
  return stdout;
}
