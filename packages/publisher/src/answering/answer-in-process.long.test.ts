import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isRunning } from '@nearside/core/lock-holder';
import { expect, test, vi } from 'vitest';
import { draft } from '../library/draft.js';
import { requireNearsideFile } from '../packing/nearside-script.js';
import { bytesField } from '../packing/protobuf-fields.js';
import { computingNode } from '../packing/write-nodes.js';
import { initializer, onnxOf, value } from '../testing/onnx-bytes.js';
import { matMul } from '../testing/onnx-products.js';
import { temporaryDirectory } from '../testing/workspace.js';

/** A product of two large matrices, which takes a thread a minute. */
function longModel(): Uint8Array {
  const SIDE = 4096;
  const times = new Uint8Array(BigInt64Array.of(BigInt(SIDE), BigInt(SIDE / 4)).buffer);
  const inputs = ['x', 'times'];
  return onnxOf(
    'Relu',
    initializer('times', 7, [2], times),
    ...computingNode({ operator: 'Tile', inputs, outputs: ['large'] }),
    matMul('large', 'large', 'product'),
    bytesField(12, value('product', [SIDE, SIDE])),
  );
}

test('a process that answers ends within seconds of its parent, though it computes and hears nothing', async () => {
  const directory = await temporaryDirectory();
  const source = join(directory, 'long.onnx');
  await writeFile(source, longModel());
  await draft({ source, out: join(directory, 'draft') });
  const script = requireNearsideFile('dist/worker/answer-golden.js');
  const words = [script, join(directory, 'draft'), 'onnx', 'once'];
  const code = `
    const [script, ...words] = process.argv.slice(1);
    const child = require('node:child_process').fork(script, words, { serialization: 'advanced' });
    child.on('message', ({ begun }) => begun?.case && console.log(child.pid));`;
  const parent = spawn(process.execPath, ['-e', code, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(parent.stdout), 'line');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await vi.waitFor(() => expect(isRunning(Number(line))).toBe(false), 10_000);
});
