import type { RunOptions } from './model.js';
import { PRIORITIES } from './scheduler/run-queue.js';

/** @throws RangeError, naming the option, expected and got */
export function checkRunOptions({ priority, timeoutMs, topK }: RunOptions): void {
  if (priority !== undefined && !PRIORITIES.includes(priority)) {
    throw wrong('priority', `one of ${PRIORITIES.join(', ')}`, priority);
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= 2 ** 31 - 1)) {
    throw wrong('timeoutMs', 'milliseconds above 0 (and below 25 days)', timeoutMs);
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK > 0)) {
    throw wrong('topK', 'a whole number above 0', topK);
  }
}

function wrong(option: string, expected: string, got: unknown): RangeError {
  return new RangeError(`run: expected \`${option}\` to be ${expected}; got ${String(got)}`);
}
