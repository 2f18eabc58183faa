import { ModelNameSchema, parse } from '@nearside/core';
import * as v from 'valibot';

const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const Milliseconds = v.pipe(v.number(), v.minValue(1), v.maxValue(3_600_000));

const ofModel = {
  /** 95 of 100 calls of `run` have their result within this time; and 99 of 100. */
  p95Ms: v.optional(Milliseconds),
  p99Ms: v.optional(Milliseconds),
  /** Results ÷ (results + errors). */
  successRate: v.optional(Share),
  /** Runs that waited for a load ÷ runs, at most. */
  coldStartShare: v.optional(Share),
  /** Accuracy in the field ÷ accuracy on held-out data, at least. */
  accuracyRatio: v.optional(Share),
};

const TargetsSchema = v.strictObject({
  ...ofModel,
  /** What is asked of one model instead. */
  models: v.optional(v.record(ModelNameSchema, v.strictObject(ofModel))),
});

type TargetsDocument = v.InferOutput<typeof TargetsSchema>;

/** What is asked of a model. */
export interface ModelTargets {
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly successRate: number;
  readonly coldStartShare: number;
  readonly accuracyRatio: number;
}

/** What is asked of all models, and what of some instead. Plain data: another thread may need it. */
export interface Targets {
  readonly all: ModelTargets;
  readonly models: Readonly<Record<string, Partial<ModelTargets>>>;
}

/** Without a file. 200 ms is about where people begin to notice that they wait. */
export const DEFAULT_TARGETS: ModelTargets = Object.freeze({
  p95Ms: 200,
  p99Ms: 500,
  successRate: 0.999,
  coldStartShare: 0.01,
  accuracyRatio: 0.95,
});

/**
 * What slo.json says; what it leaves out is as in {@link DEFAULT_TARGETS}.
 *
 * @throws NearsideError `metadata-malformed`, naming the field
 */
export function parseTargets(document: unknown): Targets {
  const { models = {}, ...all } = parse(TargetsSchema, document, {
    code: 'metadata-malformed',
    what: 'slo.json',
  });
  const ofModels = Object.entries(models).map(([model, own]) => [model, given(own)]);
  return { all: { ...DEFAULT_TARGETS, ...given(all) }, models: Object.fromEntries(ofModels) };
}

export function targetsOf({ all, models }: Targets, model: string): ModelTargets {
  return Object.hasOwn(models, model) ? { ...all, ...models[model] } : all;
}

/** A field that is left out is none. */
function given(targets: Omit<TargetsDocument, 'models'>): Partial<ModelTargets> {
  return Object.fromEntries(
    Object.entries(targets).filter(([, value]) => typeof value === 'number'),
  );
}
