import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { serveDigits } from './digits-repository.js';

test('in Node a directory keeps the model: the next open needs no network, an update goes there', async () => {
  const { open } = await import('../packages/nearside/dist/index.js');
  const digits = await serveDigits();
  const directory = await mkdtemp(join(tmpdir(), 'nearside-node-'));
  const { url, trust } = digits.address;
  const options = { trust, store: { directory }, policy: { update: 'manual' as const } };

  const first = await open(url, options);
  expect(first.stats().opening.origin).toBe('network');
  await first.close();
  await digits.stop();

  const second = await open(url, options);
  expect(second.stats().opening).toMatchObject({ origin: 'store', fetchedBytes: 0 });
  expect((await second.run(one())).output[0]?.label).toBe('1');

  await digits.start();
  await digits.release({ version: '1.1.0', sequence: 2 });
  expect(await second.update()).toMatchObject({ version: '1.1.0' });
  expect((await second.run(one())).meta.version).toBe('1.1.0');
  expect(await second.storage()).toMatchObject({
    kind: 'persistent',
    versions: [{ role: 'active' }, { role: 'previous' }],
  });
  await second.close();

  await digits.close();
  await rm(directory, { recursive: true });
});

test('in Node, where nothing is kept by default, an update takes over all the same', async () => {
  const { open } = await import('../packages/nearside/dist/index.js');
  const digits = await serveDigits();
  const { url, trust } = digits.address;
  const model = await open(url, { trust, policy: { update: 'manual' } });
  await digits.release({ version: '1.1.0', sequence: 2 });
  expect(await model.update()).toMatchObject({ version: '1.1.0' });
  expect((await model.run(one())).meta.version).toBe('1.1.0');
  await model.close();
  await digits.close();
});

/** A white stroke down the middle of a black square. */
function one() {
  const data = new Uint8ClampedArray(28 * 28 * 4);
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  for (let y = 5; y < 23; y += 1) data.fill(255, (y * 28 + 13) * 4, (y * 28 + 15) * 4);
  return { data, width: 28, height: 28 };
}

test('in Node many calls may share a signal, without a warning of a leak', async () => {
  const digits = await serveDigits();
  const { url, trust } = digits.address;
  const { said, code } = await runScript(`
    import { open } from 'nearside';
    const { signal } = new AbortController();
    const options = { trust: '${trust}', store: 'memory', policy: { update: 'manual' }, signal };
    const one = { data: new Uint8ClampedArray(28 * 28 * 4).fill(255), width: 28, height: 28 };
    const many = (work) => Promise.all(Array.from({ length: 12 }, work));
    const read = async (results) => { for await (const { error } of results) if (error) throw error; };
    const models = await many(() => open('${url}', options));
    const [model] = models;
    await many(() => model.run(one, { signal }));
    await many(() => read(model.score([one, one], { signal })));
    await many(() => read(model.stream([one, one], { signal })));
    await many(() => model.profile(one, { runs: 1, signal }));
    const fallback = () => new Promise(setImmediate);
    const answered = await open('${url}', { ...options, backend: 'tfjs-wasm', fallback });
    await many(() => answered.run(one, { signal }));
    await Promise.all([...models, answered].map((each) => each.close()));
    console.log('closed');`);
  expect({ said, code }).toEqual({ said: 'closed\n', code: 0 });
  await digits.close();
});

test('a Node process ends when its last model is closed', async () => {
  const digits = await serveDigits();
  const { url, trust } = digits.address;
  const { said, code } = await runScript(`
    import { open } from 'nearside';
    const model = await open('${url}', { trust: '${trust}', store: 'memory' });
    await model.close();
    console.log('closed');`);
  expect({ said, code }).toEqual({ said: 'closed\n', code: 0 });
  await digits.close();
});

/** Runs a module in a Node of its own. @returns what it printed, warnings too, and how it ended */
async function runScript(script: string) {
  const process = spawn(execPath, ['--input-type=module', '--eval', script], { cwd: root });
  const said: string[] = [];
  for (const output of [process.stdout, process.stderr]) {
    output.on('data', (data) => said.push(String(data)));
  }
  const ended = new Promise((resolve) => process.once('close', resolve));
  const tooLate = new Promise((resolve) => setTimeout(resolve, 30_000, 'still there'));
  const code = await Promise.race([ended, tooLate]); // ONNX Runtime's own timer is one of a minute
  process.kill();
  return { said: said.join(''), code };
}
