import { callerOutputs, type Stage, type Tensor, type Tensors } from '@nearside/core';
import { type Known, type Link, readChain, unfit } from './chain.js';
import { describeKind, describeTensor } from './describe-form.js';
import { readScores, scoresForm } from './read-scores.js';
import type { Context } from './step.js';
import type { StepTable } from './step-table.js';

/** The steps around one model, which fit each other and the model. */
export interface StageSteps {
  readonly before: readonly Link[];
  /** The value of the last step before the model → the model's inputs, by name. */
  readonly makeInputs: (value: unknown) => Tensors;
  readonly after: readonly Link[];
  /** The model's outputs → what the first step after it takes. */
  readonly readOutputs: (outputs: Tensors) => unknown;
  /** The last step gives the next stage's input, or the result. */
  readonly end: Known;
}

export interface ReadStageOptions {
  /** Among them are all that the stage names. */
  readonly steps: StepTable;
  /** The stage begins with the input given, or with what the stage before it found. */
  readonly start: Known;
  /** True where it begins with none to many of one input. */
  readonly isMany: boolean;
  readonly isLast: boolean;
  readonly context: Context;
}

/**
 * Reads the steps of a stage and checks that they fit. Where its tensors are left to the model's file, only the
 * steps are checked.
 *
 * @throws NearsideError `metadata-malformed` for parameters that do not exist; `model-invalid` for a chain that does
 *   not fit, naming stage, part and step
 */
export function readStage(stage: Stage, options: ReadStageOptions): StageSteps {
  const before = readBefore(stage, options);
  const isMany = areMany(before.before, options.isMany);
  return { ...before, ...readAfter(stage, { ...options, isMany }) };
}

function readBefore(
  stage: Stage,
  { steps, start, context }: ReadStageOptions,
): Pick<StageSteps, 'before' | 'makeInputs'> {
  const part = 'preprocessing';
  const where = { stage: stage.name, part } as const;
  const { links, end } = readChain(stage[part], { ...where, steps: steps[part], start, context });
  const { inputs } = context;
  const [input] = inputs;
  if (links.length === 0 || end.kind === 'inputs') {
    return { before: links, makeInputs: (value) => value as Tensors };
  }
  const asTensor = links.at(-1)?.step.asTensor;
  const form = end.kind === 'tensor' ? end.form : asTensor?.form(end.form);
  if (!form) throw unfit(where, 'a tensor after the last step', describeKind(end.kind));
  if (inputs.length > 1) {
    throw unfit(
      where,
      'one input that it makes',
      `several: ${inputs.map(({ name }) => name).join(', ')}`,
    );
  }
  const isFitting =
    !input ||
    (form.datatype === input.datatype &&
      form.shape.length === input.shape.length &&
      form.shape.every((axis, i) => isSameAxis(axis, input.shape[i])));
  if (input && !isFitting) {
    throw unfit(where, `${describeTensor(input)} for input '${input.name}'`, describeTensor(form));
  }
  const name = input?.name ?? '';
  const make = (value: unknown) => asTensor?.make(value as never) ?? (value as Tensor);
  return { before: links, makeInputs: (value) => ({ [name]: make(value) }) };
}

/** −1 stands for what is known only later, on either side. */
function isSameAxis(a: number, b: number | undefined): boolean {
  return a === -1 || b === -1 || a === b;
}

/** True where these steps make none to many things of one input. */
function areMany(links: readonly Link[], before: boolean): boolean {
  return links.reduce((many, { step }) => (step.items ? step.items === 'many' : many), before);
}

function readAfter(
  stage: Stage,
  { steps: { postprocessing: steps }, isMany, isLast, context }: ReadStageOptions,
): Omit<StageSteps, 'before' | 'makeInputs'> {
  const part = 'postprocessing';
  const [first] = stage[part];
  if (!first) {
    const end = { kind: 'output', form: {} } as const;
    return { after: [], readOutputs: (tensors) => ({ tensors }), end };
  }
  const outputs = callerOutputs(stage);
  const where = { stage: stage.name, part } as const;
  const takesAll = steps.some(({ name, takes }) => name === first.step && takes === 'outputs');
  const start: Known = takesAll
    ? { kind: 'outputs', form: { tensors: outputs } }
    : { kind: 'scores', form: scoresForm(outputs[0], where) };
  const { links, end } = readChain(stage[part], { ...where, steps, start, context });
  if (isLast && end.kind !== 'output') {
    throw unfit(where, 'a result after the last step', describeKind(end.kind));
  }
  if (isLast && areMany(links, isMany)) {
    const expected =
      'a step that makes one result of all items, such as combine-windows or reading-order';
    throw unfit(where, expected, 'a result for each');
  }
  if (!isLast && end.kind === 'output') {
    const expected = 'something that the next stage can begin with after the last step';
    throw unfit(where, expected, describeKind(end.kind));
  }
  const readOutputs = takesAll
    ? (outputs: Tensors) => outputs
    : (given: Tensors) => readScores(given, outputs[0]?.name);
  return { after: links, readOutputs, end };
}
