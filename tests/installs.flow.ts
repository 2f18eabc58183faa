import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';
import { publishModels, startRepository } from '../scripts/stack.mjs';

/** What `npm install nearside` brings of ours. */
const PACKAGES = ['core', 'artifact', 'pipeline', 'nearside'];

test('the packed packages install into a fresh Vite app, which classifies a digit', async ({
  page,
}) => {
  test.setTimeout(180_000);
  const dir = await mkdtemp(`${tmpdir()}/nearside-app-`);
  const { repository, pin } = await publishModels(dir, ['digits']);
  const server = await startRepository(repository, 0);
  await writeApp(dir, await packTarballs(dir));
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], dir);
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
  await rm(dir, { recursive: true });
});

async function packTarballs(dir: string): Promise<Record<string, string>> {
  for (const name of PACKAGES) {
    run('npm', ['pack', '--silent', '--pack-destination', dir, '-w', `packages/${name}`], root);
  }
  const files = (await readdir(dir)).filter((file) => file.endsWith('.tgz'));
  return Object.fromEntries(
    files.map((file) => {
      const name = file.replace(/-\d+\.\d+\.\d+\.tgz$/, '').replace(/^nearside-/, '@nearside/');
      return [name, `file:./${file}`];
    }),
  );
}

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

function run(command: string, args: string[], cwd: string): void {
  const { status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`);
}
