import type * as v from 'valibot';
import type { Kind, Step } from './step.js';
import { decodeImageStep } from './steps/decode-image.js';
import { grayscaleStep } from './steps/grayscale.js';
import { normalizeStep } from './steps/normalize.js';
import { rescaleStep } from './steps/rescale.js';
import { resizeStep } from './steps/resize.js';
import { softmaxStep } from './steps/softmax.js';
import { toTensorStep } from './steps/to-tensor.js';
import { topKStep } from './steps/top-k.js';

/** What a spec may name under `preprocessing`. */
const PREPROCESSING = [
  decodeImageStep,
  grayscaleStep,
  resizeStep,
  rescaleStep,
  normalizeStep,
  toTensorStep,
] as const;

/** What a spec may name under `postprocessing`. */
const POSTPROCESSING = [softmaxStep, topKStep] as const;

export type Part = 'preprocessing' | 'postprocessing';

/** A step of either part that knows its own types alone. */
export type AnyStep = Step<Kind, Kind, object>;

export const STEPS: Readonly<Record<Part, readonly AnyStep[]>> = {
  preprocessing: PREPROCESSING as readonly unknown[] as readonly AnyStep[],
  postprocessing: POSTPROCESSING as readonly unknown[] as readonly AnyStep[],
};

type Named<S> = S extends {
  readonly name: infer Name;
  readonly parameters: v.GenericSchema<unknown, infer Parameters>;
}
  ? { readonly step: Name } & Parameters
  : never;

/** A step as `model.json` has it. */
export type PreprocessingStep = Named<(typeof PREPROCESSING)[number]>;
export type PostprocessingStep = Named<(typeof POSTPROCESSING)[number]>;
