import { type ModelSpec, type StagedSpec, stagesOf } from '@nearside/core';

export type InputKind = 'picture' | 'sound' | 'record' | 'text' | 'tensors';

/** @returns what an item of a model is; that of an app's own task is read as tensors where no step says otherwise */
export function inputKindOf(
  task: string,
  spec: StagedSpec & Pick<ModelSpec, 'features'>,
): InputKind {
  const step = stagesOf(spec)[0]?.preprocessing[0]?.step;
  if (step === 'decode-image') return 'picture';
  if (step === 'decode-audio') return 'sound';
  if (step === 'decode-text') return 'text';
  if (spec.features) return 'record';
  return task === 'text-classification' ? 'text' : 'tensors';
}
