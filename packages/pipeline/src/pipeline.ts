import {
  callerInputs,
  callerOutputs,
  checkTensors,
  type ModelSpec,
  NearsideError,
  type Substitution,
  type Tensor,
  type TensorSpec,
  type Tensors,
} from '@nearside/core';
import { type Known, type Link, readChain, unfit } from './chain.js';
import { describeTensor, KIND_NAMES } from './describe-form.js';
import { readScores, scoresForm } from './read-scores.js';
import {
  type Call,
  type Context,
  type Forms,
  type Item,
  type Kernel,
  type Kind,
  Misfit,
} from './step.js';
import { NO_TRACE, type Trace } from './trace.js';

/** What a pipeline needs of a spec. */
export type PipelineSpec = Pick<
  ModelSpec,
  'name' | 'inputs' | 'outputs' | 'limits' | 'preprocessing' | 'postprocessing'
> &
  Partial<Pick<ModelSpec, 'state' | 'features'>>;

/** Input → items for the model, and its outputs for them → a result: the steps of a spec, ready to be used. */
export interface Pipeline {
  /** Begins a call, or a stream, whose pieces then follow each other. */
  begin(): Flow;
}

export interface Flow {
  /**
   * One input → the items that the model is to run, none to many; each has a batch axis of 1.
   *
   * @throws NearsideError what a step says of the input: `input-invalid`, `decode-failed`, …; `signal.reason`
   */
  prepare(input: unknown, options?: PrepareOptions): Promise<PreparedItem[]>;
  /**
   * The model's outputs for the items of one input, in their order → its result.
   *
   * @throws NearsideError `backend-failed` for outputs that no result can be made of
   */
  finish(items: readonly RanItem[], options?: { topK?: number | undefined }): Promise<Finished>;
}

export interface PrepareOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every feature that a default stands in for. */
  readonly onSubstitute?: ((feature: string, reason: Substitution) => void) | undefined;
}

export interface PreparedItem {
  readonly tensors: Tensors;
  readonly trace: Trace;
}

export interface RanItem {
  readonly outputs: Tensors;
  readonly trace: Trace;
}

export interface Finished {
  readonly output: unknown;
  /** For drift statistics: by distribution, what this result adds to it. */
  readonly observed: ReadonlyMap<string, number | string>;
}

/**
 * Reads the steps of a spec, checks that they fit each other and the model, and has them prepare themselves: once
 * for each session. Where the spec leaves the tensors to the model's file, only the steps are checked.
 *
 * @throws NearsideError `metadata-malformed` for steps or parameters that do not exist; `model-invalid` for a chain
 *   that does not fit, naming part and step
 */
export function compilePipeline(spec: PipelineSpec): Pipeline {
  const before = readPreprocessing(spec);
  const after = readPostprocessing(spec);
  const prepareLinks = (links: readonly Link[]) =>
    links.map(({ step, parameters }) => step.prepare(parameters, contextOf(spec)));
  const beginBefore = prepareLinks(before.links);
  const beginAfter = prepareLinks(after.links);
  const [input] = callerInputs(spec);

  function begin(): Flow {
    const preprocessing = beginBefore.map((begin) => begin());
    const postprocessing = beginAfter.map((begin) => begin());
    return {
      async prepare(given, { signal, onSubstitute: substitute = () => {} } = {}) {
        if (preprocessing.length === 0 || !input) throw noPreprocessing(spec);
        const call: Call = { signal, topK: undefined, observe() {}, substitute };
        const items = await flow([{ value: given, trace: NO_TRACE }], preprocessing, call);
        return items.map(({ value, trace }) => {
          const tensors = { [input.name]: asTensor(value) };
          checkTensors(tensors, [input]);
          return { tensors, trace };
        });
      },
      async finish(ran, { topK } = {}) {
        const observed = new Map<string, number | string>();
        const call: Call = {
          signal: undefined,
          topK,
          observe: (distribution, value) => observed.set(distribution, value),
          substitute() {},
        };
        const items = ran.map(({ outputs, trace }) => ({ value: after.read(outputs), trace }));
        const results = await flow(items, postprocessing, call);
        const outputs = results.map(({ value }) => value);
        return { output: outputs.length === 1 ? outputs[0] : outputs, observed };
      },
    };
  }

  return { begin };
}

/** Checks what {@link compilePipeline} would make, and throws as it does. */
export function checkPipeline(spec: PipelineSpec): void {
  readPreprocessing(spec);
  readPostprocessing(spec);
}

async function flow(
  given: readonly Item[],
  kernels: readonly Kernel<Kind, Kind>[],
  call: Call,
): Promise<readonly Item[]> {
  let items = given;
  for (const kernel of kernels) {
    call.signal?.throwIfAborted();
    const next = kernel(items, call);
    items = next instanceof Promise ? await next : next; // most steps need no turn of their own
  }
  return items;
}

function readPreprocessing(spec: PipelineSpec): { readonly links: readonly Link[] } {
  const part = 'preprocessing';
  const { links, end } = readChain(spec[part], {
    part,
    start: { kind: 'input', form: {} },
    context: contextOf(spec),
  });
  if (links.length === 0) return { links };
  const where = `model.json, ${part}`;
  const form = tensorForm(end);
  if (!form) {
    throw unfit(where, new Misfit('a tensor after the last step', KIND_NAMES[end.kind]), { part });
  }
  const inputs = callerInputs(spec);
  const [input] = inputs;
  if (inputs.length > 1) {
    const names = inputs.map(({ name }) => name).join(', ');
    throw unfit(where, new Misfit('one input that it makes', `several: ${names}`), { part });
  }
  if (input && !fits(form, input)) {
    const expected = `${describeTensor(input)} for input '${input.name}'`;
    throw unfit(where, new Misfit(expected, describeTensor(form)), { part });
  }
  return { links };
}

/** What the model is given at the end of the chain: a tensor, or a row, which becomes one of FP32. */
function tensorForm(end: Known): Forms['tensor'] | undefined {
  if (end.kind === 'row') return { datatype: 'FP32', shape: [1, end.form.columns] };
  return end.kind === 'tensor' ? end.form : undefined;
}

function asTensor(value: unknown): Tensor {
  if (!(value instanceof Float64Array)) return value as Tensor;
  const data = Float32Array.from(value);
  const column = data.findIndex((number) => !Number.isFinite(number));
  if (column === -1) return { datatype: 'FP32', shape: [1, data.length], data };
  throw new NearsideError(
    'input-invalid',
    `Expected numbers that 32 bits can hold, got a larger one for column ${column}.`,
    { details: { column } },
  );
}

function contextOf({ limits, features = [] }: PipelineSpec): Context {
  return { maxPixels: limits.maxInputPixels, features };
}

/** −1 stands for what is known only later, on either side. */
function fits(
  { datatype, shape }: Pick<TensorSpec, 'datatype' | 'shape'>,
  declared: TensorSpec,
): boolean {
  return (
    datatype === declared.datatype &&
    shape.length === declared.shape.length &&
    shape.every((axis, i) => axis === -1 || declared.shape[i] === -1 || axis === declared.shape[i])
  );
}

function readPostprocessing(spec: PipelineSpec): {
  readonly links: readonly Link[];
  /** A model's outputs → what the first step takes. */
  readonly read: (outputs: Tensors) => unknown;
} {
  const part = 'postprocessing';
  const steps = spec[part];
  if (steps.length === 0) return { links: [], read: (tensors) => ({ tensors }) };
  const [output] = callerOutputs(spec);
  const where = `model.json, ${part}`;
  const start: Known = { kind: 'scores', form: scoresForm(output, where) };
  const { links, end } = readChain(steps, { part, start, context: contextOf(spec) });
  if (end.kind !== 'output') {
    throw unfit(where, new Misfit('a result after the last step', KIND_NAMES[end.kind]), { part });
  }
  return { links, read: (outputs) => readScores(outputs, output?.name) };
}

function noPreprocessing({ name }: PipelineSpec): NearsideError {
  return new NearsideError(
    'input-invalid',
    `Model '${name}' has no preprocessing: expected { tensors }, got raw input.`,
  );
}
