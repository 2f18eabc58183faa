import type { TensorSpec } from '@nearside/core';
import type { PostprocessingStep, PreprocessingStep } from '@nearside/pipeline';
import { modelInvalid } from '../errors/model-invalid.js';
import type { SourceModel } from './draft-spec.js';
import { type ImageInput, type ImageSize, imageInput, shapeOf, sizeOf } from './image-input.js';
import { readLabels } from './read-labels.js';

/** A classifier gives this many labels unless the caller asks for another number. */
const TOP_K = 5;

/** Mean and standard deviation of ImageNet's channels ÷ 255: torchvision's models take pictures normalised by them. */
const IMAGENET = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };

export interface ClassifierOptions {
  /** File of labels, in the order of the model's scores. */
  readonly labels?: string | undefined;
  /** Height and width of the pictures that the model takes; by default those of its input. */
  readonly size?: number | undefined;
  /** Lowest and highest number of inputs, by their names. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>> | undefined;
}

export interface AssumedModel {
  readonly model: SourceModel;
  /** A sentence that says what no file does. */
  readonly assumed: string;
}

/**
 * Makes an image classifier of a model that takes and gives tensors: pictures in, labels out.
 *
 * @throws NearsideError `model-invalid` for a model that takes no pictures, or with another number of labels;
 *   `file-missing` without the labels
 * @throws TypeError without `labels`, or with a `size` that the input does not have
 */
export async function asImageClassifier(
  source: SourceModel,
  { labels, size: given, ranges = {} }: ClassifierOptions,
): Promise<AssumedModel> {
  if (labels === undefined) {
    throw new TypeError('draft: expected `labels` beside `task` image-classification, got none.');
  }
  const [input, ...more] = source.inputs;
  if (!input || more.length > 0) {
    throw modelInvalid(
      `Expected a model of one input, a picture, got ${source.inputs.map(({ name }) => name).join(', ')}.`,
      { inputs: source.inputs },
    );
  }
  const image = imageInput(input);
  const size = chooseSize(image, given);
  const { steps, words } = normalization(image, ranges[input.name]);
  const outputs = scoresFirst(source.outputs);
  const [scores] = outputs;
  const id2label = await readLabels(labels);
  requireLabels(scores, Object.keys(id2label).length);
  const isProbabilities = source.probabilities?.has(scores?.name ?? '') ?? false;
  return {
    model: {
      ...source,
      task: 'image-classification',
      inputs: [{ ...input, shape: shapeOf(image, size) }],
      outputs,
      preprocessing: [
        { step: 'decode-image' },
        ...(image.channels === 1 ? [{ step: 'grayscale' } as const] : []),
        { step: 'resize', size, resample: 2 },
        ...steps,
        { step: 'to-tensor', layout: image.layout },
      ],
      postprocessing: classifierSteps(id2label, { isProbabilities }),
    },
    assumed:
      `Pictures are resized to ${size.width} × ${size.height} and ${words}. If the model was trained ` +
      `otherwise, give its numbers, such as \`--range ${input.name}=0..1\`, or edit the draft's model.json.`,
  };
}

/** The scores of the classes are the first output, unless another has the name that exporters give to them. */
export function scoresFirst(outputs: readonly TensorSpec[]): TensorSpec[] {
  const scores = outputs.find(({ name }) => name === 'logits') ?? outputs[0];
  return scores ? [scores, ...outputs.filter((output) => output !== scores)] : [];
}

export function classifierSteps(
  id2label: Readonly<Record<string, string>>,
  { isProbabilities }: { readonly isProbabilities: boolean },
): PostprocessingStep[] {
  return [
    ...(isProbabilities ? [] : [{ step: 'softmax' } as const]),
    { step: 'top-k', top_k: TOP_K, id2label },
  ];
}

function chooseSize(image: ImageInput, given: number | undefined): ImageSize {
  const declared = sizeOf(image);
  const pick = (side: keyof ImageSize) => {
    if (given === undefined && declared[side] !== -1) return declared[side];
    if (given !== undefined && (declared[side] === -1 || declared[side] === given)) return given;
    const expected =
      declared[side] === -1
        ? `\`size\`, because the ${side} of '${image.name}' is free`
        : `a \`size\` of ${declared[side]}, the ${side} of '${image.name}'`;
    throw new TypeError(`draft: expected ${expected}, got ${given ?? 'none'}.`);
  };
  return { height: pick('height'), width: pick('width') };
}

/** Turns bytes into the numbers that a model takes: PyTorch's in their layout, TensorFlow's in the other. */
function normalization(
  { layout, channels }: ImageInput,
  range: readonly [number, number] | undefined,
): { steps: PreprocessingStep[]; words: string } {
  const rescale = { step: 'rescale', rescale_factor: 1 / 255 } as const;
  if (!range && layout === 'NCHW' && channels === 3) {
    return {
      steps: [rescale, { step: 'normalize', ...IMAGENET }],
      words: 'normalised as ImageNet',
    };
  }
  const [low, high] = range ?? (channels === 1 ? [0, 1] : [-1, 1]);
  const words = `their bytes become ${low} to ${high}`;
  if (low === 0 && high === 255) return { steps: [], words };
  if (low === 0) return { steps: [{ ...rescale, rescale_factor: high / 255 }], words };
  const each = (value: number) => Array.from({ length: channels }, () => value);
  const width = high - low;
  const normalize = { image_mean: each(-low / width), image_std: each(1 / width) };
  return { steps: [rescale, { step: 'normalize', ...normalize }], words };
}

function requireLabels(scores: TensorSpec | undefined, count: number): void {
  const classes = scores?.shape.at(-1) ?? 0;
  if (classes === -1 || classes === count) return;
  throw modelInvalid(
    `Labels: expected one for each of the ${classes} values of '${scores?.name}', got ${count}.`,
    { expected: classes, got: count },
  );
}
