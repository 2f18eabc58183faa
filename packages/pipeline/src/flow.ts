import {
  checkTensors,
  type ModelSpec,
  NearsideError,
  type Substitution,
  type Tensors,
} from '@nearside/core';
import type { StageSteps } from './read-stage.js';
import type { Call, Context, Item, Kernel, Kind } from './step.js';
import { NO_TRACE, type Trace } from './trace.js';

/** One call, or one stream whose inputs follow each other, on its way through the steps of all stages. */
export interface Flow {
  /**
   * One input → the items that the first model is to run.
   *
   * @throws NearsideError what a step says of the input: `input-invalid`, `decode-failed`, …; `signal.reason`
   */
  prepare(input: unknown, options?: InputOptions): Promise<Prepared>;
  /** As `prepare`, for items that were made elsewhere. */
  take(items: readonly Tensors[], options?: InputOptions): Prepared;
}

export interface InputOptions {
  readonly signal?: AbortSignal | undefined;
  /** Replaces the spec's `top_k`. */
  readonly topK?: number | undefined;
  /** Features that the input leaves out, and of which only values are known that are too old. */
  readonly stale?: readonly string[] | undefined;
  /** Told of every feature that a default stands in for. */
  readonly onSubstitute?: ((feature: string, reason: Substitution) => void) | undefined;
}

/** A model is to run these items for one input. */
export interface Prepared {
  readonly isDone: false;
  /** Which of the spec's stages the model is. */
  readonly stage: number;
  /** The model runs once for each, with a batch axis of 1. There may be none. */
  readonly items: readonly Tensors[];
  /**
   * @param outputs of the model for each item, in their order
   * @returns what the next model is to run, or the result
   * @throws NearsideError what a step says of it; `backend-failed` for outputs that nothing can be made of
   */
  finish(outputs: readonly Tensors[]): Promise<Prepared | Finished>;
  /** Frees what is held of the input where `finish` is not called, or gave something to run. Safe to call twice. */
  release(): void;
}

export interface Finished {
  readonly isDone: true;
  readonly output: unknown;
  /** For drift statistics: by distribution, what this result adds to it. */
  readonly observed: ReadonlyMap<string, number | string>;
}

/** A stage within a call or a stream. */
export interface RunningStage {
  readonly inputs: Context['inputs'];
  readonly before: readonly Kernel<Kind, Kind>[];
  readonly after: readonly Kernel<Kind, Kind>[];
  readonly makeInputs: StageSteps['makeInputs'];
  readonly readOutputs: StageSteps['readOutputs'];
}

/** Begins a call, or a stream, of these stages. */
export function beginFlow(
  stages: readonly RunningStage[],
  { spec, isWhole }: { readonly spec: Pick<ModelSpec, 'name'>; readonly isWhole: boolean },
): Flow {
  const isMany = stages.length > 1;

  /** Begins the way of one input. */
  function beginInput({ signal, topK, stale = [], onSubstitute }: InputOptions = {}) {
    const observed = new Map<string, number | string>();
    const held: (() => void)[] = [];
    const call: Call = {
      signal,
      topK,
      isWhole,
      stale,
      defer: (release) => held.push(release),
      observe: (distribution, value) => observed.set(distribution, value),
      substitute: onSubstitute ?? (() => {}),
    };

    function release(): void {
      for (const end of held.splice(0)) end();
    }

    /** Releases what is held when the work fails. */
    async function orRelease<Value>(work: () => Promise<Value>): Promise<Value> {
      try {
        return await work();
      } catch (error) {
        release();
        throw error;
      }
    }

    const prepareStage = (index: number, given: readonly Item[]) =>
      orRelease(async () => {
        const { inputs, before, makeInputs } = stages[index] as RunningStage;
        if (before.length === 0 || inputs.length === 0) throw noPreprocessing(spec);
        // A later stage begins with what an earlier one found, which is no input.
        const noting = index === 0 ? call : { ...call, observe() {} };
        const items = await applyKernels(before, given, noting);
        const tensors = items.map(({ value }) => {
          const made = makeInputs(value);
          checkTensors(made, inputs);
          return made;
        });
        if (!isMany) release(); // nothing looks at the input again
        const traces = items.map(({ trace }) => trace);
        return toRun(index, tensors, traces);
      });

    function toRun(index: number, items: readonly Tensors[], traces: readonly Trace[]): Prepared {
      const finish = (outputs: readonly Tensors[]) =>
        orRelease(async () => {
          const { readOutputs, after } = stages[index] as RunningStage;
          const given = outputs.map((one, i) => ({
            value: readOutputs(one),
            trace: { ...traces[i], inputs: items[i] },
          }));
          const found = await applyKernels(after, given as readonly Item[], call);
          if (index + 1 < stages.length) return prepareStage(index + 1, found);
          release();
          const results = found.map(({ value }) => value);
          const output = results.length === 1 ? results[0] : results;
          return { isDone: true, output, observed } as const;
        });
      return { isDone: false, stage: index, items, finish, release };
    }

    return { prepareStage, toRun };
  }

  return {
    prepare: (input, options) =>
      beginInput(options).prepareStage(0, [{ value: input, trace: NO_TRACE }]),
    take: (items, options) => beginInput(options).toRun(0, items, []),
  };
}

async function applyKernels(
  kernels: readonly Kernel<Kind, Kind>[],
  given: readonly Item[],
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

function noPreprocessing({ name }: Pick<ModelSpec, 'name'>): NearsideError {
  return new NearsideError(
    'input-invalid',
    `Model '${name}' has no preprocessing: expected { tensors }, got raw input.`,
  );
}
