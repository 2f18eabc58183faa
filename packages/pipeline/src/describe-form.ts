import { formatShape } from '@nearside/core';
import type { Forms, Kind } from './step.js';

export function describeImage({ channels, depth }: Forms['image']): string {
  const values = depth === 'floats' ? 'floats' : '8 bits';
  return `${channels} channel${channels === 1 ? '' : 's'} of ${values}`;
}

export function describeTensor({ datatype, shape }: Forms['tensor']): string {
  return `${datatype} ${formatShape(shape)}`;
}

/** Kinds whose name does not say it. */
const KINDS: Readonly<Partial<Record<Kind, string>>> = {
  input: 'the input as it was given',
  string: 'a string',
  image: 'an image',
  record: 'a complete record',
  row: 'a row of numbers',
  tensor: 'a tensor',
  inputs: "the model's inputs",
  outputs: "the model's outputs",
  box: 'boxes',
  output: 'a result',
};

export function describeKind(kind: Kind): string {
  return KINDS[kind] ?? kind;
}
