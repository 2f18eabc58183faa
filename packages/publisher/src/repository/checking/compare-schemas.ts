import { callerInputs, callerOutputs, type Feature, type ModelSpec } from '@nearside/core';

type TensorSpec = ModelSpec['inputs'][number];

/** One difference in the inputs or outputs of a model. */
export interface SchemaChange {
  readonly what: 'task' | 'feature' | 'input' | 'output';
  /** Name of the feature or tensor; absent for the task. */
  readonly name?: string;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** True if code for the older version may fail with the newer one. */
  readonly breaking: boolean;
}

/**
 * Compares the inputs and outputs of two versions of a model. State does not count, nor does the order of tensors,
 * because callers name them. An output may be added, an axis of an input may become free (−1), and an axis of an
 * output fixed. A feature may be added with a default, or take more values. Any other change is breaking.
 */
export function compareSchemas(before: ModelSpec, after: ModelSpec): SchemaChange[] {
  const task: SchemaChange[] =
    before.task === after.task
      ? []
      : [{ what: 'task', from: before.task, to: after.task, breaking: true }];
  return [
    ...task,
    ...compareFeatures(before.features ?? [], after.features ?? []),
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

function compareFeatures(before: readonly Feature[], after: readonly Feature[]): SchemaChange[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  return [...names].flatMap((name): SchemaChange[] => {
    const from = before.find((feature) => feature.name === name);
    const to = after.find((feature) => feature.name === name);
    const change = { what: 'feature' as const, name, from: from && say(from), to: to && say(to) };
    if (change.from === change.to) return [];
    if (!from) return [{ ...change, breaking: to?.default === undefined }];
    return [{ ...change, breaking: !to || !takesAll(to, from) }];
  });
}

/** @returns true if the newer feature takes every value that the older one took */
function takesAll(newer: Feature, older: Feature): boolean {
  if (older.default !== undefined && newer.default === undefined) return false;
  if (newer.type === 'category') {
    return (
      older.type === 'category' &&
      older.categories.every((category) => newer.categories.includes(category))
    );
  }
  if (newer.type !== 'number' || older.type !== 'number') return newer.type === older.type;
  if (!newer.range || newer.outside === 'clip') return true;
  const [low, high] = newer.range;
  return (
    !!older.range && older.outside !== 'clip' && low <= older.range[0] && high >= older.range[1]
  );
}

/** `number 0 to 120, clipped, default 50` */
function say(feature: Feature): string {
  const { type, default: fallback } = feature;
  const range =
    type === 'number' && feature.range
      ? [`${feature.range.join(' to ')}${feature.outside === 'clip' ? ', clipped' : ''}`]
      : [];
  const categories = type === 'category' ? [feature.categories.join('|')] : [];
  const given = fallback === undefined ? [] : [`default ${fallback}`];
  return [type, ...range, ...categories, ...given].join(' ');
}

/** @returns true if every tensor that fits `narrow` fits `wide` */
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
