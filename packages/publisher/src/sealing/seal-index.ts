import { integrityOf, parseJson, readIntegrity } from '@nearside/artifact';
import { parse, VersionSchema } from '@nearside/core';
import * as v from 'valibot';

/** Says for people and messages which seals lie in a folder. Nothing trusts it. */
export const INDEX_FILE = 'nearside.json';

const IntegritySchema = v.pipe(
  v.string(),
  v.check((text) => readIntegrity(text) !== undefined, "'sha256-' and a hash in base64"),
);

const SealIndexSchema = v.looseObject({
  format: v.literal(1),
  latest: IntegritySchema,
  /** Those that were sealed last come last. */
  seals: v.array(v.looseObject({ version: VersionSchema, integrity: IntegritySchema })),
});

export type SealIndex = v.InferOutput<typeof SealIndexSchema>;

/** A seal that lies in a folder, whole. */
export interface PresentSeal {
  readonly sha256: string;
  readonly version: string;
}

/** @throws NearsideError `metadata-malformed` */
export function parseSealIndex(bytes: Uint8Array): SealIndex {
  const malformed = { code: 'metadata-malformed', what: INDEX_FILE } as const;
  return parse(SealIndexSchema, parseJson(bytes, malformed), malformed);
}

/** @param latest comes after the others */
export function encodeSealIndex(others: readonly PresentSeal[], latest: PresentSeal): Uint8Array {
  const seals = [...others, latest].map(({ sha256, version }) => {
    return { version, integrity: integrityOf(sha256) };
  });
  const index: SealIndex = { format: 1, latest: integrityOf(latest.sha256), seals };
  return Buffer.from(`${JSON.stringify(index, null, 2)}\n`);
}
