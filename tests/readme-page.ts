import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { createServer } from 'vite';
import { firstFile } from '../consumers/quick-start.mjs';
import { root } from '../scripts/root.mjs';
import type { DrivenPage } from './core-path.js';

/** The README's line, after one that keeps what the console prints. */
const PAGE = `<!doctype html>
<link rel="icon" href="data:," />
<script>
  globalThis.printed = [];
  const { log } = console;
  console.log = (...words) => (printed.push(words.join(' ')), log(...words));
</script>
<script type="module" src="/digits.mjs"></script>
`;

/** `npx nearside try`, and a folder with a page and the README's first file, served as `npx vite` serves it. */
export async function serveReadmePage() {
  const { url: model, command } = await startTry();
  const { file, printed } = await firstFile(model);
  const dir = await mkdtemp(join(tmpdir(), 'nearside-readme-'));
  await mkdir(join(dir, 'node_modules'));
  for (const name of await readdir(`${root}node_modules`)) {
    if (name.startsWith('.')) continue; // Vite's, npm's
    await symlink(`${root}node_modules/${name}`, join(dir, 'node_modules', name));
  }
  await writeFile(join(dir, 'package.json'), '{ "private": true }');
  await writeFile(join(dir, 'index.html'), PAGE);
  await writeFile(join(dir, 'digits.mjs'), file);
  const server = await createServer({
    root: dir,
    logLevel: 'error',
    server: { port: 0 },
    resolve: { preserveSymlinks: true }, // an installed package is no link
  });
  await server.listen();
  return {
    url: server.resolvedUrls?.local[0] as string,
    expected: printed,
    async close() {
      await server.close();
      command.kill();
      await rm(dir, { recursive: true });
    },
  };
}

/** Visits the page and waits until its file has run to its end. */
export async function expectPrinted(
  page: DrivenPage,
  { url, expected }: { url: string; expected: string },
): Promise<void> {
  await page.goto(url);
  const printed = await page.evaluate(async (path) => {
    await import(path);
    return (globalThis as unknown as { printed: string[] }).printed;
  }, '/digits.mjs');
  expect(printed.join('\n')).toBe(expected);
}

async function startTry(): Promise<{ url: string; command: ChildProcess }> {
  const nearside = `${root}packages/publisher/bin/nearside.js`;
  const command = spawn('node', [nearside, 'try', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const text of command.stdout) {
    said += text;
    const url = said.match(/(?<=open\(')http[^']*/)?.[0];
    if (url) return { url, command };
  }
  throw new Error(`expected a line that opens a model, got ${said}`);
}
