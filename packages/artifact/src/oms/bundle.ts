import { ModelNameSchema, Sha256HexSchema, VersionSchema } from '@nearside/core';
import * as v from 'valibot';
import { concatenate } from '../concatenate.js';

/**
 * An OpenSSF Model Signing (OMS) v1.0 signature: a Sigstore bundle v0.3 around a DSSE envelope
 * around an in-toto statement that lists a version's files. Unknown fields are ignored.
 */

export const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';
/** Our field of the predicate says which release these files are. Other OMS tools ignore it. */
export const RELEASE_FIELD = 'x-nearside-release';

const Base64 = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9+/]+={0,2}$/, 'base64'),
  v.check((text) => text.length % 4 === 0, 'padded base64'),
);

export const BundleSchema = v.looseObject({
  mediaType: v.literal(BUNDLE_MEDIA_TYPE),
  verificationMaterial: v.looseObject({ publicKey: v.looseObject({ hint: Sha256HexSchema }) }),
  dsseEnvelope: v.looseObject({
    payload: Base64,
    payloadType: v.literal(PAYLOAD_TYPE),
    // Bundle v0.3 allows exactly one signature; thresholds belong to TUF.
    signatures: v.pipe(v.array(v.looseObject({ sig: Base64 })), v.length(1)),
  }),
});

export const StatementSchema = v.looseObject({
  _type: v.literal(STATEMENT_TYPE),
  subject: v.pipe(
    v.array(v.looseObject({ digest: v.looseObject({ sha256: Sha256HexSchema }) })),
    v.length(1),
  ),
  predicateType: v.literal(PREDICATE_TYPE),
  predicate: v.looseObject({
    serialization: v.looseObject({ method: v.literal('files') }),
    resources: v.pipe(
      v.array(
        v.looseObject({
          name: v.string(),
          algorithm: v.literal('sha256'),
          digest: Sha256HexSchema,
        }),
      ),
      v.minLength(1),
    ),
    [RELEASE_FIELD]: v.looseObject({
      model: ModelNameSchema,
      version: VersionSchema,
      sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    }),
  }),
});

/** DSSE v1 pre-authentication encoding. The signature is over these bytes. */
export function preAuthenticationEncoding(
  payloadType: string,
  payload: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(
    `DSSEv1 ${new TextEncoder().encode(payloadType).length} ${payloadType} ${payload.length} `,
  );
  return concatenate([head, payload]);
}
