import { callerInputs, callerOutputs, type ModelSpec } from '@nearside/core';

type TensorSpec = ModelSpec['inputs'][number];

/** One difference in what callers give a model or get from it. */
export interface SchemaChange {
  readonly what: 'task' | 'input' | 'output';
  /** Of the tensor; absent for the task. */
  readonly name?: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Whether code written for the older version may fail with the newer one. */
  readonly breaking: boolean;
}

/**
 * Compares what two versions of a model take and give. Order of tensors does not count, since
 * callers name them, and neither does state. An output may be added, an axis of an input may become free (−1) and one of an
 * output fixed; anything else breaks somebody.
 */
export function compareSchemas(before: ModelSpec, after: ModelSpec): SchemaChange[] {
  const task: SchemaChange[] =
    before.task === after.task
      ? []
      : [{ what: 'task', from: before.task, to: after.task, breaking: true }];
  return [
    ...task,
    ...compareTensors('input', callerInputs(before), callerInputs(after)),
    ...compareTensors('output', callerOutputs(before), callerOutputs(after)),
  ];
}

/** `input image: FP32 [-1,28,28,1] → FP32 [-1,32,32,1]` */
export function describeSchemaChange({ what, name, from, to }: SchemaChange): string {
  const title = name === undefined ? what : `${what} ${name}`;
  if (from === undefined) return `${title} added: ${to}`;
  if (to === undefined) return `${title} removed: ${from}`;
  return `${title}: ${from} → ${to}`;
}

function compareTensors(
  what: 'input' | 'output',
  before: readonly TensorSpec[],
  after: readonly TensorSpec[],
): SchemaChange[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  return [...names].flatMap((name): SchemaChange[] => {
    const from = before.find((tensor) => tensor.name === name);
    const to = after.find((tensor) => tensor.name === name);
    const change = { what, name, from: from && describe(from), to: to && describe(to) };
    if (change.from === change.to) return [];
    if (!from) return [{ ...change, breaking: what === 'input' }];
    if (!to) return [{ ...change, breaking: true }];
    const fits = what === 'input' ? admits(to, from) : admits(from, to);
    return [{ ...change, breaking: !fits }];
  });
}

/** Whether every tensor of the one spec is one of the other. */
function admits(wide: TensorSpec, narrow: TensorSpec): boolean {
  return (
    wide.datatype === narrow.datatype &&
    wide.shape.length === narrow.shape.length &&
    wide.shape.every((size, axis) => size === -1 || size === narrow.shape[axis])
  );
}

function describe({ datatype, shape }: TensorSpec): string {
  return `${datatype} [${shape.join(',')}]`;
}
