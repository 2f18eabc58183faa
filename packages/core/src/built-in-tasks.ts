/** Tasks whose stages the library has; `tensors` has none. */
export const BUILT_IN_TASKS = [
  'image-classification',
  'tabular-classification',
  'tabular-regression',
  'audio-classification',
  'voice-activity-detection',
  'ocr',
  'object-detection',
  'image-segmentation',
  'text-classification',
  'feature-extraction',
  'tensors',
] as const;

export function isBuiltInTask(task: string): boolean {
  return BUILT_IN_TASKS.some((name) => name === task);
}
