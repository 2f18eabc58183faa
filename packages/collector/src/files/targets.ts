import { ModelNameSchema, NearsideError, parse } from '@nearside/core';
import * as v from 'valibot';

const Share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const Milliseconds = v.pipe(v.number(), v.minValue(1), v.maxValue(3_600_000));

const ofModel = {
  /** 95 of 100 calls of `run` have their result within `p95Ms`, and 99 of 100 within `p99Ms`. */
  p95Ms: v.exactOptional(Milliseconds),
  p99Ms: v.exactOptional(Milliseconds),
  /** Results ÷ (results + errors). */
  successRate: v.exactOptional(Share),
  /** Runs that waited for a load ÷ runs, at most. */
  coldStartShare: v.exactOptional(Share),
  /** Accuracy in the field ÷ accuracy on held-out data, at least. */
  accuracyRatio: v.exactOptional(Share),
};

const TargetsSchema = v.strictObject({
  ...ofModel,
  /** Targets of one model, which replace those above. */
  models: v.optional(v.record(ModelNameSchema, v.strictObject(ofModel))),
});

/** Targets of a model. */
export interface ModelTargets {
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly successRate: number;
  readonly coldStartShare: number;
  readonly accuracyRatio: number;
}

/** Targets of all models, and others of some models. Plain data, because another thread may need them. */
export interface Targets {
  readonly all: ModelTargets;
  readonly models: Readonly<Record<string, Partial<ModelTargets>>>;
}

/** Targets without a file. People begin to notice that they wait at about 200 ms. */
export const DEFAULT_TARGETS: ModelTargets = Object.freeze({
  p95Ms: 200,
  p99Ms: 500,
  successRate: 0.999,
  coldStartShare: 0.01,
  accuracyRatio: 0.95,
});

/**
 * Reads slo.json. A target that it leaves out is that of {@link DEFAULT_TARGETS}.
 *
 * @throws NearsideError `metadata-malformed`, naming the field
 */
export function parseTargets(document: unknown): Targets {
  const { models = {}, ...all } = parse(TargetsSchema, document, {
    code: 'metadata-malformed',
    what: 'slo.json',
  });
  const ofAll = { ...DEFAULT_TARGETS, ...withP99(all, DEFAULT_TARGETS) };
  const ofModels = Object.entries(models).map(([model, own]) => [model, withP99(own, ofAll)]);
  const targets: Targets = { all: ofAll, models: Object.fromEntries(ofModels) };
  requireOrder(ofAll, 'p99Ms');
  for (const model of Object.keys(models)) {
    requireOrder(targetsOf(targets, model), `models.${model}.p99Ms`);
  }
  return targets;
}

/** A P99 that is left out is no less than a P95 that is given. */
function withP99(own: Partial<ModelTargets>, all: ModelTargets): Partial<ModelTargets> {
  const { p95Ms = 0, p99Ms } = own;
  return p99Ms === undefined && p95Ms > all.p99Ms ? { ...own, p99Ms: p95Ms } : own;
}

/** 99 of 100 results take no less time than 95 of 100. */
function requireOrder({ p95Ms, p99Ms }: ModelTargets, path: string): void {
  if (p95Ms <= p99Ms) return;
  throw new NearsideError(
    'metadata-malformed',
    `slo.json, ${path}: expected p95Ms (${p95Ms}) or more, got ${p99Ms}.`,
  );
}

export function targetsOf({ all, models }: Targets, model: string): ModelTargets {
  return Object.hasOwn(models, model) ? { ...all, ...models[model] } : all;
}
