import { parse, Sha256HexSchema } from '@nearside/core';
import * as v from 'valibot';
import { parseJson } from '../parse-json.js';

/**
 * The four metadata roles of The Update Framework 1.0 (specification section 4). Unknown fields
 * are kept and ignored, as the specification demands.
 */

const Version = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const KeyId = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, '64 hex digits'));
const Expires = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, 'a UTC time such as 2027-01-31T00:00:00Z'),
  v.check(isCalendarTime, 'a time that the calendar has'),
);
const SpecVersion = v.pipe(v.string(), v.regex(/^1\.\d+(?:\.\d+)?$/, 'TUF 1.x'));

/** Engines differ in how they read a 31 February. */
function isCalendarTime(text: string): boolean {
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text.replace('Z', '.000Z');
}

/** An object by name. `record` alone would also take an array. */
function map<Value extends v.GenericSchema>(key: v.GenericSchema<string, string>, value: Value) {
  return v.pipe(
    v.unknown(),
    v.check((input) => !Array.isArray(input), 'an object'),
    v.record(key, value),
  );
}

const unique = v.check<string[], string>(
  (items) => new Set(items).size === items.length,
  'every key once',
);

function header<const Type extends string>(type: Type) {
  return { _type: v.literal(type), spec_version: SpecVersion, version: Version, expires: Expires };
}

const KeySchema = v.looseObject({
  keytype: v.string(),
  scheme: v.string(),
  keyval: v.looseObject({ public: v.string() }),
});

const RoleSchema = v.looseObject({
  keyids: v.pipe(v.array(KeyId), unique),
  threshold: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});

/** Root's extra field: the keys that may sign models, hint (SHA-256 of the PEM text) → PEM. */
export const MODEL_KEYS_FIELD = 'x-nearside-model-keys';

export const RootSchema = v.looseObject({
  ...header('root'),
  consistent_snapshot: v.literal(true),
  keys: map(KeyId, KeySchema),
  roles: v.looseObject({
    root: RoleSchema,
    timestamp: RoleSchema,
    snapshot: RoleSchema,
    targets: RoleSchema,
  }),
  [MODEL_KEYS_FIELD]: v.optional(map(KeyId, v.string()), {}),
});

const Sha512Hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{128}$/, 'a SHA-512 in hex'));

const MetaFileSchema = v.looseObject({
  version: Version,
  length: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  hashes: v.optional(
    v.looseObject({ sha256: v.optional(Sha256HexSchema), sha512: v.optional(Sha512Hex) }),
  ),
});

export const TimestampSchema = v.looseObject({
  ...header('timestamp'),
  meta: v.looseObject({ 'snapshot.json': MetaFileSchema }),
});

export const SnapshotSchema = v.looseObject({
  ...header('snapshot'),
  meta: v.pipe(
    map(v.string(), MetaFileSchema),
    v.check((meta) => Object.hasOwn(meta, 'targets.json'), "an entry 'targets.json'"),
    v.transform((meta) => meta as typeof meta & { readonly 'targets.json': MetaFile }),
  ),
});

export const TargetFileSchema = v.looseObject({
  length: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  hashes: v.looseObject({ sha256: Sha256HexSchema, sha512: v.optional(Sha512Hex) }),
  custom: v.optional(v.unknown()),
});

export const TargetsSchema = v.looseObject({
  ...header('targets'),
  targets: map(v.string(), TargetFileSchema),
});

export type Root = v.InferOutput<typeof RootSchema>;
export type Timestamp = v.InferOutput<typeof TimestampSchema>;
export type Snapshot = v.InferOutput<typeof SnapshotSchema>;
export type Targets = v.InferOutput<typeof TargetsSchema>;
export type TargetFile = v.InferOutput<typeof TargetFileSchema>;
export type MetaFile = v.InferOutput<typeof MetaFileSchema>;
export type Role = 'root' | 'timestamp' | 'snapshot' | 'targets';

const SCHEMAS = {
  root: RootSchema,
  timestamp: TimestampSchema,
  snapshot: SnapshotSchema,
  targets: TargetsSchema,
} as const;

type MetadataByRole = { [R in Role]: v.InferOutput<(typeof SCHEMAS)[R]> };

const EnvelopeSchema = v.looseObject({
  signed: v.looseObject({}),
  signatures: v.pipe(
    v.array(v.looseObject({ keyid: v.string(), sig: v.string() })),
    // TUF 4.2.1: a keyid stands in the signatures once.
    v.check(
      (signatures) => new Set(signatures.map(({ keyid }) => keyid)).size === signatures.length,
      'one signature by key',
    ),
  ),
});

export interface Signature {
  readonly keyid: string;
  /** Hex. */
  readonly sig: string;
}

/** A metadata file as received: `raw` bytes, their content, and the claimed signers. */
export interface Metadata<R extends Role> {
  readonly role: R;
  readonly raw: Uint8Array<ArrayBuffer>;
  readonly signed: MetadataByRole[R];
  /** `signed` as parsed, before any schema. The signatures are over this. */
  readonly signedJson: unknown;
  readonly signatures: readonly Signature[];
}

/**
 * Reads one metadata file. Says nothing yet about who signed it.
 *
 * @throws NearsideError `metadata-malformed`
 */
export function parseMetadata<R extends Role>(role: R, raw: Uint8Array<ArrayBuffer>): Metadata<R> {
  const malformed = { code: 'metadata-malformed', what: `${role}.json` } as const;
  const document = parseJson(raw, malformed);
  const { signatures } = parse(EnvelopeSchema, document, malformed);
  // The schema's result would not do: it drops `constructor`, `prototype` and `__proto__`, which are signed too.
  const { signed } = document as { signed: unknown };
  return {
    role,
    raw,
    signed: parse(SCHEMAS[role], signed, malformed) as MetadataByRole[R],
    signedJson: signed,
    signatures,
  };
}
