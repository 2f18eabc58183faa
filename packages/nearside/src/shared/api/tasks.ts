import type { FeatureRecord } from '@nearside/core';
import type {
  FoundObject,
  FoundSound,
  LabelScore,
  Mask,
  RegressionValue,
  TextInput,
  TextLine,
} from '@nearside/pipeline';
import type { TaskModel } from './model.js';
import type { ImageInput, SoundInput } from './run.js';

/** Inputs and outputs of a task's models, by its name in model.json. */
export interface TaskTypes {
  'image-classification': { input: ImageInput; output: readonly LabelScore[] };
  /** With a `decide` step the first label is the decision. */
  'tabular-classification': { input: FeatureRecord; output: readonly LabelScore[] };
  'tabular-regression': { input: FeatureRecord; output: readonly RegressionValue[] };
  /** In a stream, none for a piece in which no window ends. */
  'audio-classification': { input: SoundInput; output: readonly LabelScore[] };
  /** In a stream, of each piece what it added. */
  'voice-activity-detection': { input: SoundInput; output: FoundSound };
  /** In reading order, in pixels of the picture given. */
  ocr: { input: ImageInput; output: readonly TextLine[] };
  /** The best first, in pixels of the picture given. */
  'object-detection': { input: ImageInput; output: readonly FoundObject[] };
  /** At the picture's size, unless the model's step says otherwise. */
  'image-segmentation': { input: ImageInput; output: Mask };
  'text-classification': { input: TextInput; output: readonly LabelScore[] };
  /** The vector of a text. */
  'feature-extraction': { input: TextInput; output: Float32Array };
}

export type TaskName = keyof TaskTypes;

/** A model of a known task: `open(url, { trust, task: 'tabular-classification' })`. */
export type ModelOf<Task extends TaskName> = TaskModel<
  TaskTypes[Task]['input'],
  TaskTypes[Task]['output']
>;
