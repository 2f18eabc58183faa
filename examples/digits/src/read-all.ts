import type { ModelOf } from 'nearside';

/** Reads every picture, in batches and uncounted among people's runs. @returns the predicted labels in order */
export async function readAll(
  model: ModelOf<'image-classification'>,
  {
    pictures,
    onRead,
  }: { pictures: readonly Blob[]; onRead: (index: number, label: string) => void },
): Promise<string[]> {
  const labels: string[] = [];
  for await (const { index, output, error } of model.score(pictures)) {
    if (!output) throw error;
    const label = output[0]?.label ?? '';
    labels.push(label);
    onRead(index, label);
  }
  return labels;
}
