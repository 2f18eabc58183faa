import { type NamedStep, NearsideError, parse } from '@nearside/core';
import * as v from 'valibot';
import { describeKind } from './describe-form.js';
import {
  type CompileSource,
  type Context,
  type Forms,
  type Kernel,
  type Kind,
  Misfit,
} from './step.js';
import { type AnyStep, FIRST_STEPS, OTHER_STEPS, type Part } from './step-table.js';

/** A value that is known by its kind and form alone. */
export type Known = { [K in Kind]: { readonly kind: K; readonly form: Forms[K] } }[Kind];

/** A step with parameters that fit it, in a place where it fits. */
export interface Link {
  readonly step: AnyStep;
  readonly parameters: object;
  readonly place: SpecPlace;
  /** The form of what it takes. */
  readonly form: Forms[Kind];
}

/**
 * Reads the steps of one part of a spec, and walks from what is there before the first to what the last one gives.
 *
 * @param options.steps among which are those named
 * @throws NearsideError `metadata-malformed` for parameters that do not exist; `model-invalid` for steps that do not
 *   fit each other
 */
export function readChain(
  named: readonly NamedStep[],
  options: {
    readonly steps: readonly AnyStep[];
    readonly stage: string;
    readonly part: Part;
    readonly start: Known;
    readonly context: Context;
  },
): { readonly links: readonly Link[]; readonly end: Known } {
  const { steps, stage, part, start, context } = options;
  const links: Link[] = [];
  let known = start;
  for (const [index, one] of named.entries()) {
    const place: SpecPlace = { stage, part, index, step: one.step };
    const link = readLink(one, { steps, place });
    links.push({ ...link, place, form: known.form });
    known = follow(known, link, { place, context });
  }
  return { links, end: known };
}

function readLink(
  { step: name, ...parameters }: NamedStep,
  { steps, place }: { readonly steps: readonly AnyStep[]; readonly place: SpecPlace },
): Pick<Link, 'step' | 'parameters'> {
  const step = steps.find((one) => one.name === name);
  if (!step) throw new TypeError(`Expected step '${name}', which is in steps.js, got none.`);
  const malformed = { code: 'metadata-malformed', what: describePlace(place) } as const;
  return { step, parameters: parse(step.parameters, parameters, malformed) };
}

/** @throws NearsideError `metadata-malformed` for a step that does not exist */
export function requireNames(
  named: readonly NamedStep[],
  place: Pick<SpecPlace, 'stage' | 'part'>,
): void {
  const { part } = place;
  const names = [...FIRST_STEPS[part].map(({ name }) => name), ...OTHER_STEPS[part]];
  const NameSchema = v.picklist(names);
  for (const [index, { step }] of named.entries()) {
    const what = describePlace({ ...place, index });
    parse(NameSchema, step, { code: 'metadata-malformed', what });
  }
}

function follow(
  { kind, form }: Known,
  { step, parameters }: Pick<Link, 'step' | 'parameters'>,
  { place, context }: { readonly place: SpecPlace; readonly context: Context },
): Known {
  return orUnfit(place, () => {
    if (step.takes !== kind) throw new Misfit(describeKind(step.takes), describeKind(kind));
    return { kind: step.gives, form: step.form(form, parameters, context) } as Known;
  });
}

/** Has a step prepare itself, which may find that a resource does not fit. */
export function compileLink(
  { step, parameters, place, form }: Link,
  {
    context,
    ...more
  }: { readonly context: Context } & Pick<CompileSource<Kind>, 'readText' | 'next'>,
): () => Kernel<Kind, Kind> {
  return orUnfit(place, () => step.compile(parameters, { ...context, form, ...more }));
}

function orUnfit<Value>(place: SpecPlace, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    throw unfit(place, error.expected, error.got);
  }
}

/** Where in a spec something is. */
export interface SpecPlace {
  /** Empty in a spec without stages. */
  readonly stage: string;
  readonly part: Part;
  readonly index?: number | undefined;
  readonly step?: string | undefined;
}

/** `model.json, stage 'detect', preprocessing, step 2 (resize)` */
function describePlace({ stage, part, index, step }: SpecPlace): string {
  const inStage = stage === '' ? '' : `, stage '${stage}'`;
  const atStep = index === undefined ? '' : `, step ${index + 1}`;
  return `model.json${inStage}, ${part}${atStep}${step === undefined ? '' : ` (${step})`}`;
}

export function unfit(place: SpecPlace, expected: string, got: string): NearsideError {
  const { stage, ...within } = place;
  const where = stage === '' ? within : place;
  return new NearsideError(
    'model-invalid',
    `${describePlace(place)}: expected ${expected}, got ${got}.`,
    { details: { what: 'model.json', ...where, expected, got } },
  );
}
