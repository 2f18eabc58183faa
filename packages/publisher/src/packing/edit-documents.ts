import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Golden, ModelSpec, Variant } from '@nearside/core';
import { replaceFile } from '../files/replace-file.js';
import { readJsonFile } from './read-json-file.js';

/** model.json as its author wrote it, without what the schema fills in. */
export type SpecJson = Pick<ModelSpec, 'version' | 'variants' | 'limits'>;

/** Changes model.json of a copy of a model directory. Nothing is written where it says so already. */
export function editSpec(directory: string, edit: (spec: SpecJson) => SpecJson): Promise<void> {
  return editJson(directory, 'model.json', edit);
}

/** Leaves other variants out of model.json and golden.json of a copy of a model directory. Their files stay. */
export async function keepVariants(directory: string, names: ReadonlySet<string>): Promise<void> {
  await editSpec(directory, (spec) => {
    return { ...spec, variants: spec.variants.filter(({ name }) => names.has(name)) };
  });
  const only = <T>(byVariant: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(byVariant).filter(([name]) => names.has(name)));
  await editJson<Golden>(directory, 'golden.json', (golden) => {
    const cases = golden.cases.map((one) => ({ ...one, expected: only(one.expected) }));
    return { ...golden, cases, tolerance: only(golden.tolerance) };
  });
}

/** Leaves out of model.json that a variant ships, or does not: all do. */
export function shipAll(directory: string): Promise<void> {
  return editSpec(directory, (spec) => {
    const variants = spec.variants.map(({ ships: _, ...variant }) => variant as Variant);
    return { ...spec, variants };
  });
}

async function editJson<T>(directory: string, name: string, edit: (json: T) => T): Promise<void> {
  const json = (await readJsonFile(directory, name)) as T;
  const edited = JSON.stringify(edit(json));
  if (edited === JSON.stringify(json)) return;
  // The copy may be read-only, as its original.
  await replaceFile(join(directory, name), (temporary) => writeFile(temporary, edited));
}
