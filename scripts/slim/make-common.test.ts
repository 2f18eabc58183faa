import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readRanges } from './function-list.mjs';
import { keepFunctions, ORIGIN_SECTION, sha256 } from './keep-functions.mjs';
import { FULL_FILE, makeCommon, readList } from './make-common.mjs';
import { TWO_FUNCTIONS } from './testing-module.js';
import { CODE, readBodies, readSections } from './wasm-module.mjs';

test('the list is for one file alone', () => {
  const list = { version: '1.2.3', sha256: sha256(TWO_FUNCTIONS), functions: '0+1' };
  expect(makeCommon(TWO_FUNCTIONS, list)).toEqual(keepFunctions(TWO_FUNCTIONS, [0]));
  const other = Uint8Array.from(TWO_FUNCTIONS);
  other[other.length - 2] = 3;
  expect(() => makeCommon(other, list)).toThrow('npm run profile:runtime');
});

test("of ONNX Runtime's file less than half is left, each time the same, and nothing else has changed", async () => {
  const full = await readFile(FULL_FILE);
  const list = await readList();
  const common = makeCommon(full, list);
  expect(sha256(makeCommon(full, list))).toBe(sha256(common));
  expect(gzipSync(common, { level: 9 }).length).toBeLessThanOrEqual(1_600_000);

  const before = readSections(full);
  const after = readSections(common);
  const origin = after.pop()?.contents as Uint8Array;
  expect(new TextDecoder().decode(origin.subarray(1))).toBe(
    `${ORIGIN_SECTION}sha256:${list.sha256}`,
  );
  expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  const kept = new Set(readRanges(list.functions));
  for (const [i, { id, contents }] of before.entries()) {
    const now = after[i]?.contents as Uint8Array;
    if (id !== CODE) expect(Buffer.compare(contents, now)).toBe(0);
    else {
      const bodies = readBodies(now);
      for (const [j, body] of readBodies(contents).entries())
        if (kept.has(j)) expect(Buffer.compare(body, bodies[j] as Uint8Array)).toBe(0);
        else expect(bodies[j]?.length).toBeLessThanOrEqual(3);
    }
  }
});

test('the small graphs of the corpus run in it, with their weights inside and in a file beside them', async () => {
  const script = fileURLToPath(new URL('./run-graphs.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--liftoff-only', script]); // a fifth of the time
  const names = ['fp32-cnn', 'fp32-mlp', 'cast-and-mul', 'dequantize-linear', 'qdq'];
  const all = [...names, 'int8-dynamic', 'lstm', 'small-transformer'];
  expect(stdout.trim().split('\n')).toEqual(
    all.flatMap((name) => [name, `${name}, weights beside`]),
  );
});
