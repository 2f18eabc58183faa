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

/** A white stroke down the middle of a black square. */
function one() {
  const data = new Uint8ClampedArray(28 * 28 * 4);
  for (let i = 3; i < data.length; i += 4) data[i] = 255;
  for (let y = 5; y < 23; y += 1) data.fill(255, (y * 28 + 13) * 4, (y * 28 + 15) * 4);
  return { data, width: 28, height: 28 };
}

test('a Node process ends when its last model is closed', async () => {
  const digits = await serveDigits();
  const { url, trust } = digits.address;
  const script = `
    import { open } from 'nearside';
    const model = await open('${url}', { trust: '${trust}', store: 'memory' });
    await model.close();
    console.log('closed');`;
  const process = spawn(execPath, ['--input-type=module', '--eval', script], { cwd: root });
  const said: string[] = [];
  process.stdout.on('data', (data) => said.push(String(data)));
  const ended = new Promise((resolve) => process.once('exit', resolve));
  const tooLate = new Promise((resolve) => setTimeout(resolve, 30_000, 'still there'));
  expect(await Promise.race([ended, tooLate])).toBe(0); // ONNX Runtime's own timer is one of a minute
  expect(said.join('')).toContain('closed');
  process.kill();
  await digits.close();
});
