import * as v from 'valibot';
import { BaselineSchema } from './baseline.js';
import { HealthSchema } from './health-margins.js';
import { Sha256HexSchema } from './layout.js';
import { ModelNameSchema, VersionSchema } from './model-spec.js';
import { parse } from './parse.js';

const BasisPoints = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000));

/** Names of the inputs of a tabular model, in the order in which reports count them. */
const Features = v.array(v.pipe(v.string(), v.maxLength(200)));

const VersionFactsSchema = v.looseObject({
  version: VersionSchema,
  /** SHA-256 of the signed bundle, as reports name it. */
  manifest: Sha256HexSchema,
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  state: v.picklist(['shadow', 'canary', 'stable', 'revoked']),
  /** Installs whose bucket is in [fromBps, toBps) are to have it. */
  rollout: v.optional(
    v.looseObject({
      salt: v.string(),
      fromBps: BasisPoints,
      toBps: BasisPoints,
      /** Unix times in ms at which each of its shares was offered, the oldest first. */
      offeredMs: v.optional(v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0)))),
    }),
  ),
  baseline: v.optional(BaselineSchema),
  /** First 16 hex digits of the SHA-256 of `baseline.json`, as reports name it. */
  baselineHash: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, '16 hex digits'))),
  /** Metrics that the publisher measured on held-out data. */
  metrics: v.optional(v.record(v.string(), v.pipe(v.number(), v.finite()))),
  /** Margins of the signed release. */
  health: v.optional(HealthSchema),
  /** Present where they differ from the model's. */
  features: v.optional(Features),
});

/**
 * Facts about models from their signed repositories: `models.json`, written by `nearside facts` and read by the
 * collector. Unknown fields are ignored, because the two are updated one after the other.
 */
export const ModelFactsSchema = v.looseObject({
  format: v.literal(1),
  /** Version of the signed targets. Of two files the one with the higher revision is newer. A sealed model has none. */
  revision: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  /** Pin of the repository, as pages have it. A sealed model has none. */
  pin: v.optional(v.pipe(v.string(), v.maxLength(100))),
  /** When all of this was last found in the repository and verified, Unix ms. */
  verifiedMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  models: v.pipe(
    v.array(
      v.looseObject({
        model: ModelNameSchema,
        versions: v.pipe(
          v.array(VersionFactsSchema),
          v.check(
            (list) => new Set(list.map(({ version }) => version)).size === list.length,
            'each version once',
          ),
        ),
        /** Features of the newest version that has any. */
        features: v.optional(Features),
      }),
    ),
    v.check(
      (list) => new Set(list.map(({ model }) => model)).size === list.length,
      'each model once',
    ),
  ),
});

export type ModelFacts = v.InferOutput<typeof ModelFactsSchema>;
export type VersionFacts = v.InferOutput<typeof VersionFactsSchema>;

/** @throws NearsideError `metadata-malformed` */
export function parseModelFacts(value: unknown): ModelFacts {
  return parse(ModelFactsSchema, value, { code: 'metadata-malformed', what: 'models.json' });
}
