import type { Feature, Substitution, Tensor, TensorSpec, Tensors } from '@nearside/core';
import type * as v from 'valibot';
import type { Sound } from './audio/sound.js';
import type { Detection, FoundBox, FoundText } from './found.js';
import type { Image } from './image/image.js';
import type { CompleteRecord } from './table/complete-record.js';
import type { Trace } from './trace.js';

/** Steps hand these to each other, by kind. */
export interface Values {
  readonly input: unknown;
  /** Text that was given. */
  readonly string: string;
  readonly image: Image;
  readonly sound: Sound;
  readonly record: CompleteRecord;
  /** [columns], in double. */
  readonly row: Float64Array<ArrayBuffer>;
  /** An input of the model for one item: the batch axis is 1. */
  readonly tensor: Tensor;
  /** All inputs of the model for one item, by name. */
  readonly inputs: Tensors;
  /** The model's outputs for one item: the batch axis is 1. */
  readonly outputs: Tensors;
  /** [classes], or the vector of an embedding, in double. */
  readonly scores: Float64Array<ArrayBuffer>;
  /** A part of the picture given, for a later stage or the caller. */
  readonly box: FoundBox;
  /** Text that a model read in a picture. */
  readonly text: FoundText;
  /** A detector's boxes in one picture, many around each object until `suppress` leaves one. */
  readonly objects: readonly Detection[];
  readonly output: unknown;
}

export type Kind = keyof Values;

/** The form of a value is known before there is one. Only the input can say what is `undefined`, or −1 in a shape. */
export interface Forms {
  readonly input: Readonly<Record<never, never>>;
  readonly string: Readonly<Record<never, never>>;
  readonly image: {
    readonly channels: Image['channels'];
    readonly depth: 'bytes' | 'floats';
    readonly width: number | undefined;
    readonly height: number | undefined;
  };
  readonly sound: {
    readonly channels: number | undefined;
    readonly sampleRateHz: number | undefined;
    /** In each channel. */
    readonly samples: number | undefined;
  };
  readonly record: { readonly features: readonly Feature[] };
  readonly row: { readonly columns: number };
  readonly tensor: Pick<TensorSpec, 'datatype' | 'shape'>;
  readonly inputs: Readonly<Record<never, never>>;
  readonly outputs: { readonly tensors: readonly TensorSpec[] };
  readonly scores: { readonly classes: number | undefined };
  readonly box: Readonly<Record<never, never>>;
  readonly text: Readonly<Record<never, never>>;
  readonly objects: { readonly classes: number | undefined };
  readonly output: Readonly<Record<never, never>>;
}

/** One of the things an input becomes, and where in the input it is. */
export interface Item<K extends Kind = Kind> {
  readonly value: Values[K];
  readonly trace: Trace;
}

/** It goes with one input, and with what comes of that, through all steps. */
export interface Call {
  readonly signal: AbortSignal | undefined;
  /** Replaces the spec's `top_k`. */
  readonly topK: number | undefined;
  /** True where the input is no piece of a stream: nothing comes after it. */
  readonly isWhole: boolean;
  /** Does something once nothing of this input is needed any more, whatever came of it. */
  readonly defer: (release: () => void) => void;
  /** Notes a number or a label for drift statistics, under the name of its distribution. */
  readonly observe: (distribution: string, value: number | string) => void;
  /** Features that the input leaves out, and of which only values are known that are too old. */
  readonly stale: readonly string[];
  /** Notes that a default stands in for a feature. */
  readonly substitute: (feature: string, reason: Substitution) => void;
}

/** Does a step for all items of one input, in their order; what it gives may be more of them, or fewer. */
export type Kernel<Takes extends Kind, Gives extends Kind> = (
  items: readonly Item<Takes>[],
  call: Call,
) => readonly Item<Gives>[] | Promise<readonly Item<Gives>[]>;

/** Steps may know this of the spec around them. */
export interface Context {
  /** Largest picture that is accepted, pixels. */
  readonly maxPixels: number | undefined;
  readonly features: readonly Feature[];
  /** True where the stage begins with the input that was given, and not with what another one found. */
  readonly isFirst: boolean;
  /** The inputs of the model that a step may have to make. None where only the model's file says what they are. */
  readonly inputs: readonly TensorSpec[];
  /** Names of the files that the spec's `resources` give its steps. */
  readonly resources: readonly string[];
}

/** A step is compiled from this and its parameters. */
export interface CompileSource<Takes extends Kind> extends Context {
  /** The form of what it takes. */
  readonly form: Forms[Takes];
  /** The step that takes what this one gives, where nothing else does: only in a spec of one stage. */
  readonly next?: { readonly step: string; readonly parameters: object } | undefined;
  /**
   * A file that the step's parameters name, UTF-8.
   *
   * @throws NearsideError `model-invalid` when the spec names no such file
   */
  readText(resource: string): string;
}

/**
 * A step that a spec may name. Its parameters keep the names of Hugging Face's configurations, where
 * those have them.
 */
export interface Step<
  Takes extends Kind = Kind,
  Gives extends Kind = Kind,
  Parameters extends object = object,
  Name extends string = string,
> {
  readonly name: Name;
  /** These stand beside `step` in `model.json`. */
  readonly parameters: v.GenericSchema<unknown, Parameters>;
  readonly takes: Takes;
  readonly gives: Gives;
  /**
   * The model is given this of what the step gives, at the end of the steps: of a step that gives no tensor. Its form is
   * undefined for what becomes none.
   */
  readonly asTensor?:
    | {
        form(form: Forms[Gives]): Forms['tensor'] | undefined;
        make(value: Values[Gives]): Tensor;
      }
    | undefined;
  /** `many`: one item in, any number out. `one`: all items in, one out. By default one in, one out. */
  readonly items?: 'many' | 'one' | undefined;
  /**
   * The form of what it gives for one of what it takes.
   *
   * @throws Misfit when it cannot take that
   */
  form(form: Forms[Takes], parameters: Parameters, context: Context): Forms[Gives];
  /**
   * Prepares it, once for a session. What it returns begins a call or a stream, whose kernel may keep what comes
   * before for what comes after.
   *
   * @throws Misfit for a resource that does not fit
   */
  compile(parameters: Parameters, from: CompileSource<Takes>): () => Kernel<Takes, Gives>;
}

/**
 * Keeps the types of a step's parts together while it is written, and forgets them for the table.
 *
 * @__NO_SIDE_EFFECTS__
 */
export function defineStep<
  Takes extends Kind,
  Gives extends Kind,
  Parameters extends object,
  const Name extends string,
>(step: Step<Takes, Gives, Parameters, Name>): Step<Takes, Gives, Parameters, Name> {
  return step;
}

/** A kernel that does one item at a time, each without the others, and keeps nothing. */
export function each<Takes extends Kind, Gives extends Kind>(
  work: (value: Values[Takes], call: Call) => Values[Gives],
): () => Kernel<Takes, Gives> {
  return () => (items, call) =>
    items.map(({ value, trace }) => ({ value: work(value, call), trace }));
}

/** Why a step cannot take what comes before it. */
export class Misfit extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}
