import { type NamedStep, NearsideError, parse } from '@nearside/core';
import * as v from 'valibot';
import { KIND_NAMES } from './describe-form.js';
import { type Context, type Forms, type Kind, Misfit } from './step.js';
import { type AnyStep, type Part, STEPS } from './step-table.js';

/** A value that is known by its kind and form alone. */
export type Known = { [K in Kind]: { readonly kind: K; readonly form: Forms[K] } }[Kind];

/** A step with parameters that fit it, in a place where it fits. */
export interface Link {
  readonly step: AnyStep;
  readonly parameters: object;
}

/**
 * Reads the steps of one part of a spec, and walks from what is there before the first to what the last one gives.
 *
 * @throws NearsideError `metadata-malformed` for a step or parameters that do not exist; `model-invalid` for steps
 *   that do not fit each other
 */
export function readChain(
  steps: readonly NamedStep[],
  { part, start, context }: { part: Part; start: Known; context: Context },
): { readonly links: readonly Link[]; readonly end: Known } {
  const links: Link[] = [];
  let known = start;
  for (const [index, named] of steps.entries()) {
    const where = `model.json, ${part}, step ${index + 1}`;
    const link = readLink(named, part, where);
    known = follow(known, link, { part, index, where, context });
    links.push(link);
  }
  return { links, end: known };
}

function readLink({ step: name, ...parameters }: NamedStep, part: Part, where: string): Link {
  const step = STEPS[part].find((one) => one.name === name);
  if (!step) {
    const names = STEPS[part].map((one) => one.name);
    parse(v.picklist(names), name, { code: 'metadata-malformed', what: where });
    throw new Error('unreachable: a step without a name in the table');
  }
  const what = `${where} (${name})`;
  return {
    step,
    parameters: parse(step.parameters, parameters, { code: 'metadata-malformed', what }),
  };
}

function follow(
  { kind, form }: Known,
  { step, parameters }: Link,
  { part, index, where, context }: { part: Part; index: number; where: string; context: Context },
): Known {
  try {
    if (step.takes !== kind) throw new Misfit(KIND_NAMES[step.takes], KIND_NAMES[kind]);
    return { kind: step.gives, form: step.form(form, parameters, context) } as Known;
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw unfit(`${where} (${step.name})`, error, { part, index, step: step.name });
  }
}

export function unfit(
  where: string,
  { expected, got }: Misfit,
  details: { readonly part: Part; readonly index?: number; readonly step?: string },
): NearsideError {
  return new NearsideError('model-invalid', `${where}: expected ${expected}, got ${got}.`, {
    details: { what: 'model.json', ...details, expected, got },
  });
}
