import { isBuiltInTask, type ModelSpec } from '@nearside/core';
import type { WireInput } from '../protocol.js';

/**
 * What an input has to share with others to run with them: all pictures, which become tensors of
 * one shape; tensors of a single item with equal shapes.
 *
 * @returns undefined for what runs alone
 */
export function batchKey(
  input: WireInput | Promise<WireInput>,
  { task, batch, inputs, outputs }: ModelSpec,
): string | undefined {
  const isFree = [...inputs, ...outputs].every(({ shape }) => shape[0] === -1);
  if (!batch || !isFree) return undefined;
  if (input instanceof Promise || input.kind !== 'tensors') {
    return isBuiltInTask(task) ? 'image' : undefined; // a task's tensors may have any shape
  }
  const tensors = Object.entries(input.tensors);
  if (tensors.some(([, { shape }]) => shape[0] !== 1)) return undefined;
  return tensors.map(([name, { shape }]) => `${name} ${shape.join()}`).join();
}
