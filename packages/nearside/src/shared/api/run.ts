import type { FeatureRecord, PlatformType, Tensor, Tensors } from '@nearside/core';
import type {
  AudioInput,
  ImageInput as DecodableImage,
  Output,
  TextInput,
} from '@nearside/pipeline';

/** Priorities, most urgent first. */
export const PRIORITIES = ['interactive', 'normal', 'background'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** An input of an image model. The worker decodes it; elements are pictured at the call. */
export type ImageInput =
  | DecodableImage
  | PlatformType<'HTMLImageElement'>
  | PlatformType<'HTMLVideoElement'>;

/** An input of a sound model: samples and their rate, a WAV file, or objects of the Web Audio API and WebCodecs. */
export type SoundInput = AudioInput;

/**
 * The model's own tensors, by name. Names, datatypes and shapes are checked. Numbers are not: not-a-number and
 * infinities reach the model, and may come back.
 */
export interface TensorInput {
  readonly tensors: Tensors;
}

/**
 * Tensors in variables, whose datatype is any text to TypeScript: `const x = { datatype: 'FP32', … }`. The call checks
 * it. One that is known has to have its own array.
 */
export type LooseTensors<Given extends Readonly<Record<string, LooseTensor>>> = {
  readonly [Name in keyof Given]: string extends Given[Name]['datatype'] ? Given[Name] : Tensor;
};

export interface LooseTensor {
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: Tensor['data'];
}

/** An input of `run`, whatever the task. */
export type Input = ImageInput | SoundInput | TextInput | TensorInput | FeatureRecord;

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** `normal` by default. */
  readonly priority?: Priority | undefined;
  /** From the call, waiting included; no limit by default. */
  readonly timeoutMs?: number | undefined;
  /**
   * Ends the worker when `signal` aborts or `timeoutMs` passes while it runs: nothing else stops a run on wasm. Another
   * worker takes its place. Its other calls are done again where their input is kept (Blobs, and up to 64 KiB), else
   * they are `terminated` and may be called again.
   */
  readonly terminate?: boolean | undefined;
  /** Results of a classifier; the spec's number by default. */
  readonly topK?: number | undefined;
  /**
   * Gives the input away instead of copying it: from the call on the caller's array or bitmap is empty,
   * whatever becomes of the run. A call that is refused at once (`queue-full`, `closed`, wrong options) takes nothing.
   */
  readonly transfer?: boolean | undefined;
  /**
   * The caller's span, as the W3C's header `traceparent` has it: a trace of this run belongs to it. One that cannot be
   * read is passed over. It is sent where `report` is given, and links this run to all else that has it.
   */
  readonly traceparent?: string | undefined;
}

/** Labels by score for a picture, tensors for tensors. */
export interface RunResult<Result = Output> {
  readonly output: Result;
  readonly meta: RunMeta;
}

/** How a run came to its result. The four times add up to call → result. */
export interface RunMeta {
  /** Names the run in this page visit: for `feedback`, and in `run-end`. */
  readonly id: string;
  /** The model's name. */
  readonly model: string;
  /** The version that ran it, such as `1.2.0`: an update may change it from one run to the next. */
  readonly version: string;
  /** The form of the weights, as model.json names it; `fallback` where that answered. */
  readonly variant: string;
  /** Such as `onnx-wasm`; `fallback` where that answered. */
  readonly backend: string;
  /** CPU threads that shared the run; 0 where `fallback` answered. */
  readonly threads: number;
  /** All but the stages, ms: waiting here and in the worker, the way there and back, others of the batch. */
  readonly queueMs: number;
  /** Input → tensors, of this input alone, ms. */
  readonly preMs: number;
  /** The session's run, of the whole batch, ms: divide by `batch` for one input's share. */
  readonly runMs: number;
  /** Tensors → output, of this input alone, ms. */
  readonly postMs: number;
  /** Inputs that ran together, this one included. */
  readonly batch: number;
  /** It was the first result since the model was opened. */
  readonly cold: boolean;
  /** True where the app's own `fallback` answered: all its time is `queueMs` then. Missing otherwise. */
  readonly fallback?: boolean;
}
