import { type KeyObject, sign } from 'node:crypto';
import {
  BUNDLE_MEDIA_TYPE,
  PAYLOAD_TYPE,
  PREDICATE_TYPE,
  preAuthenticationEncoding,
  RELEASE_FIELD,
  type ReleaseIdentity,
  STATEMENT_TYPE,
} from '@nearside/artifact';
import { sha256Hex } from '../files/digests.js';
import { publicKeyPem } from '../keys/key-files.js';

/** Signs model versions as OpenSSF Model Signing (OMS) v1.0 describes, with one key. */
export interface OmsSigner {
  /** SHA-256 of `publicKeyPem`. A bundle names its key by this. */
  readonly hint: string;
  readonly publicKeyPem: string;
  /**
   * @param digests every file of the version → its SHA-256 in hex
   * @returns the bundle as a file
   */
  sign(release: ReleaseIdentity, digests: ReadonlyMap<string, string>): Uint8Array<ArrayBuffer>;
}

/** @param privateKey an ECDSA P-256 key: OMS allows no Ed25519 */
export function createOmsSigner(privateKey: KeyObject): OmsSigner {
  const pem = publicKeyPem(privateKey);
  const hint = sha256Hex(pem);
  return {
    hint,
    publicKeyPem: pem,
    sign(release, digests) {
      const payload = new TextEncoder().encode(JSON.stringify(statementOf(release, digests)));
      const encoded = preAuthenticationEncoding(PAYLOAD_TYPE, payload);
      // Sigstore wants DER, which is Node's default.
      const signature = sign('sha256', encoded, privateKey);
      const bundle = {
        mediaType: BUNDLE_MEDIA_TYPE,
        verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
        dsseEnvelope: {
          payload: Buffer.from(payload).toString('base64'),
          payloadType: PAYLOAD_TYPE,
          signatures: [{ sig: signature.toString('base64'), keyid: '' }],
        },
      };
      return new TextEncoder().encode(JSON.stringify(bundle));
    },
  };
}

/** Makes the in-toto statement: the files, sorted by name, and the release they are. */
function statementOf(
  { model, version, sequence }: ReleaseIdentity,
  digests: ReadonlyMap<string, string>,
): object {
  const resources = [...digests.keys()]
    .sort()
    .map((name) => ({ name, algorithm: 'sha256', digest: digests.get(name) ?? '' }));
  const concatenated = Buffer.from(resources.map(({ digest }) => digest).join(''), 'hex');
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: model, digest: { sha256: sha256Hex(concatenated) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: [],
      },
      resources,
      [RELEASE_FIELD]: { model, version, sequence },
    },
  };
}
