import type { Model } from 'nearside';
import { digitPng, type HeldOutDigit } from './held-out-data.js';

/** One runs, one is next, and the rest are being made into pictures meanwhile. */
const IN_FLIGHT = 4;

/** Reads every digit. @returns the predicted labels in order */
export async function readAll(
  model: Model,
  {
    digits,
    onRead,
  }: { digits: readonly HeldOutDigit[]; onRead: (index: number, label: string) => void },
): Promise<string[]> {
  const labels: string[] = [];
  const queue = digits.entries();

  async function readFromQueue(): Promise<void> {
    for (const [index, digit] of queue) {
      const { output } = await model.run(await digitPng(digit));
      if ('tensors' in output)
        throw new TypeError('Expected labels from a classifier, got tensors');
      const label = output[0]?.label ?? '';
      labels[index] = label;
      onRead(index, label);
    }
  }

  await Promise.all(Array.from({ length: IN_FLIGHT }, readFromQueue));
  return labels;
}
