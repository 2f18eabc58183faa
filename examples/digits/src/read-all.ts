import type { Model } from 'nearside';

/** One runs, one is posted to the worker, the others wait for their turn. */
const IN_FLIGHT = 4;

/** Reads every picture. @returns the predicted labels in order */
export async function readAll(
  model: Model,
  {
    pictures,
    onRead,
  }: { pictures: readonly Blob[]; onRead: (index: number, label: string) => void },
): Promise<string[]> {
  const labels: string[] = [];
  const queue = pictures.entries();

  async function readFromQueue(): Promise<void> {
    for (const [index, picture] of queue) {
      const { output } = await model.run(picture);
      const label = output[0]?.label ?? '';
      labels[index] = label;
      onRead(index, label);
    }
  }

  await Promise.all(Array.from({ length: IN_FLIGHT }, readFromQueue));
  return labels;
}
