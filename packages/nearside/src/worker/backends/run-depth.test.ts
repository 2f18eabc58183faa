import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRunDepth } from './run-depth.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A runtime whose runs take `msOf` their number of arguments, ms. @returns that number */
function runtimeOf(msOf: (args: number) => number) {
  const depth = createRunDepth(2);
  const compute = (...args: unknown[]) => {
    vi.advanceTimersByTime(msOf(args.length));
    return args.length;
  };
  Object.defineProperty(compute, 'length', { value: 2 });
  const malloc = (size: number) => size;
  const exports = depth.wrap({ compute, malloc, memory: new WebAssembly.Memory({ initial: 1 }) });
  const call = exports.compute as (...args: number[]) => number;
  const begin = depth.ofSession();
  function run(kind = '1,3,48,320'): number {
    const ended = begin(kind);
    const args = call(1, 2);
    ended();
    return args;
  }
  return { run, exports, malloc };
}

function repeat<Value>(count: number, work: () => Value): Value[] {
  return Array.from({ length: count }, work);
}

test('runs are timed in two ways in turn, and from then on take the faster one', () => {
  for (const fast of [2, 3]) {
    const { run } = runtimeOf((args) => (args === fast ? 60 : 108));
    expect(new Set(repeat(16, run))).toEqual(new Set([2, 3]));
    expect(new Set(repeat(32, run))).toEqual(new Set([fast]));
  }
});

test('where the ways take the same, nothing is changed', () => {
  const { run } = runtimeOf(() => 60);
  repeat(16, run);
  expect(new Set(repeat(32, run))).toEqual(new Set([2]));
});

test('when the way that was taken becomes slow, the other one is taken within fifteen runs', () => {
  let fast = 2;
  const { run } = runtimeOf((args) => (args === fast ? 60 : 108));
  repeat(2000, run);
  fast = 3;
  repeat(15, run);
  expect(new Set(repeat(5, run))).toEqual(new Set([3]));
});

test('of a thousand runs at most forty are of a trial', () => {
  const { run } = runtimeOf((args) => (args === 2 ? 60 : 108));
  const slow = repeat(1000, run).filter((args) => args === 3);
  expect(slow.length).toBeLessThanOrEqual(40);
});

test('runs of another kind have trials of their own', () => {
  const { run } = runtimeOf((args) => (args === 2 ? 60 : 108));
  repeat(16, () => run('1,3,48,320'));
  expect(new Set(repeat(16, () => run('1,3,48,640')))).toEqual(new Set([2, 3]));
});

test('runs of another session, which may take another time, have trials of their own', () => {
  const depth = createRunDepth(2);
  const [first, second] = [depth.ofSession(), depth.ofSession()];
  const taken: number[] = [];
  const compute = (...args: unknown[]) => taken.push(args.length);
  Object.defineProperty(compute, 'length', { value: 2 });
  const call = depth.wrap({ compute }).compute as (...args: number[]) => void;
  for (let i = 0; i < 16; i += 1) {
    for (const begin of [first, second]) {
      const ended = begin('1,3,224,224');
      call(1, 2);
      vi.advanceTimersByTime(begin === first ? 10 : 40);
      ended();
    }
  }
  for (const own of [0, 1]) {
    const ways = taken.filter((_, i) => i % 2 === own);
    expect(ways.filter((args) => args === 3)).toHaveLength(8);
  }
});

test('all other exports are left as they are', () => {
  const { exports, malloc } = runtimeOf(() => 1);
  expect(exports.malloc).toBe(malloc);
  expect(exports.memory).toBeInstanceOf(WebAssembly.Memory);
});
