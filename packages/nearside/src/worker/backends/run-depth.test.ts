import { expect, test } from 'vitest';
import { varyDepth } from './run-depth.js';

/** A runtime that computes with two parameters. @returns with the number of arguments of each run */
function startRuntime() {
  const runs: number[] = [];
  const compute = (...args: unknown[]) => {
    runs.push(args.length);
    return args[0];
  };
  Object.defineProperty(compute, 'length', { value: 2 });
  const malloc = (size: number) => size;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const exports = varyDepth({ compute, malloc, memory }, 2);
  return { runs, malloc, memory, exports, run: exports.compute as (...args: number[]) => number };
}

test('of 64 runs in a row no two begin at the same depth, and each has its own arguments', () => {
  const { runs, run } = startRuntime();
  for (let i = 0; i < 128; i += 1) expect(run(i, 7)).toBe(i);
  expect(new Set(runs.slice(0, 64)).size).toBe(64);
  expect(runs.slice(64)).toEqual(runs.slice(0, 64));
  expect(Math.min(...runs)).toBe(2);
});

test('all other exports are left as they are', () => {
  const { exports, malloc, memory } = startRuntime();
  expect(exports.malloc).toBe(malloc);
  expect(exports.memory).toBe(memory);
});
