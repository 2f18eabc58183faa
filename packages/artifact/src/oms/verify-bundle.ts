import { NearsideError, parse } from '@nearside/core';
import type * as v from 'valibot';
import { fromBase64 } from '../base64.js';
import { fromHex } from '../hex.js';
import { parseJson } from '../parse-json.js';
import { requireSafeName } from '../repository-paths.js';
import { sha256Hex, webCrypto } from '../sha256.js';
import {
  BundleSchema,
  preAuthenticationEncoding,
  RELEASE_FIELD,
  StatementSchema,
} from './bundle.js';
import { derToRawSignature } from './ecdsa-signature.js';

/** Names one version of one model. */
export interface ReleaseIdentity {
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
}

/** A version's files as its publisher signed or sealed them: name → SHA-256 in hex. */
export interface Manifest {
  readonly release: ReleaseIdentity;
  readonly files: ReadonlyMap<string, string>;
  /** SHA-256 of the bundle or seal itself, in hex: names this manifest in reports. */
  readonly sha256: string;
  /** A seal's hash numbers its version, whatever model.json says. */
  readonly isSealed: boolean;
}

export interface SignedManifest extends Manifest {
  /** SHA-256 of the PEM text of the key that signed it, in hex. */
  readonly keyHint: string;
}

type Statement = v.InferOutput<typeof StatementSchema>;

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * Verifies an OMS bundle: root names its key, and its signature holds over the payload's raw bytes. Only then is the
 * payload read; it must be of the expected release.
 *
 * @param modelKeys hint → PEM, from root metadata
 * @throws NearsideError `model-key-unknown`, `signature-invalid`, `bundle-mismatch` or `metadata-malformed`
 */
export async function verifyBundle(
  raw: Uint8Array<ArrayBuffer>,
  { modelKeys, release }: { modelKeys: Readonly<Record<string, string>>; release: ReleaseIdentity },
): Promise<SignedManifest> {
  const malformed = { code: 'metadata-malformed', what: bundleTitle(release) } as const;
  const bundle = parse(BundleSchema, parseJson(raw, malformed), malformed);
  const payload = fromBase64(bundle.dsseEnvelope.payload);

  const { hint: keyHint } = bundle.verificationMaterial.publicKey;
  const pem = await requireModelKey(keyHint, modelKeys, release);
  const signature = fromBase64(bundle.dsseEnvelope.signatures[0]?.sig ?? '');
  const signed = preAuthenticationEncoding(bundle.dsseEnvelope.payloadType, payload);
  await requireSignature(signature, signed, pem, release);

  const statement = parse(StatementSchema, parseJson(payload, malformed), malformed);
  requireRelease(statement.predicate[RELEASE_FIELD], release);
  const files = readFiles(statement, release);
  await requireSubject(statement, release);
  return { release, files, keyHint, sha256: await sha256Hex(raw), isSealed: false };
}

async function requireModelKey(
  hint: string,
  modelKeys: Readonly<Record<string, string>>,
  release: ReleaseIdentity,
): Promise<string> {
  const pem = Object.hasOwn(modelKeys, hint) ? modelKeys[hint] : undefined;
  if (pem !== undefined && (await sha256Hex(new TextEncoder().encode(pem))) === hint) return pem;
  throw new NearsideError(
    'model-key-unknown',
    `${bundleTitle(release)}: expected a signature by one of the ` +
      `${Object.keys(modelKeys).length} model keys in root metadata, got one by key ${hint}.`,
    { details: { ...release, hint } },
  );
}

async function requireSignature(
  signature: Uint8Array,
  signed: Uint8Array<ArrayBuffer>,
  pem: string,
  release: ReleaseIdentity,
): Promise<void> {
  const raw = derToRawSignature(signature);
  const key = await importModelKey(pem, release);
  if (raw && (await webCrypto().verify(ALGORITHM, key, raw, signed))) return;
  throw new NearsideError(
    'signature-invalid',
    `${bundleTitle(release)}: expected a valid ECDSA P-256 signature over its payload, got one ` +
      'that does not verify.',
    { details: { ...release } },
  );
}

async function importModelKey(pem: string, release: ReleaseIdentity): Promise<CryptoKey> {
  const crypto = webCrypto();
  try {
    const der = pemToDer(pem);
    return await crypto.importKey('spki', der, ALGORITHM, false, ['verify']);
  } catch (cause) {
    throw new NearsideError(
      'metadata-malformed',
      `root.json: expected the model key of ${bundleTitle(release)} to be an ECDSA P-256 public key ` +
        'in PEM, got something else.',
      { cause, details: { ...release } },
    );
  }
}

/** Without this check a bundle of an older or another model could stand in for this one. */
function requireRelease(got: ReleaseIdentity, expected: ReleaseIdentity): void {
  const { model, version, sequence } = got;
  if (isSameRelease(got, expected)) return;
  throw new NearsideError(
    'bundle-mismatch',
    `${bundleTitle(expected)}: expected the files of ${releaseTitle(expected)}, got those of ${releaseTitle(got)}.`,
    { details: { expected, got: { model, version, sequence } } },
  );
}

function readFiles(statement: Statement, release: ReleaseIdentity): Map<string, string> {
  const files = new Map<string, string>();
  for (const { name, digest } of statement.predicate.resources) {
    requireSafeName(name, bundleTitle(release));
    if (files.has(name)) {
      throw new NearsideError(
        'bundle-mismatch',
        `${bundleTitle(release)}: expected every file once, got '${name}' twice.`,
        { details: { ...release, file: name } },
      );
    }
    files.set(name, digest);
  }
  return files;
}

/** OMS: the subject's digest is the SHA-256 of all resource digests, concatenated in order. */
async function requireSubject(statement: Statement, release: ReleaseIdentity): Promise<void> {
  const digests = fromHex(statement.predicate.resources.map(({ digest }) => digest).join(''));
  const expected = await sha256Hex(digests);
  const got = statement.subject[0]?.digest.sha256;
  if (got === expected) return;
  throw new NearsideError(
    'bundle-mismatch',
    `${bundleTitle(release)}: expected subject digest ${expected}, got ${got}.`,
    { details: { ...release, expected, got } },
  );
}

export function isSameRelease(a: ReleaseIdentity, b: ReleaseIdentity): boolean {
  return a.model === b.model && a.version === b.version && a.sequence === b.sequence;
}

export function releaseTitle({ model, version, sequence }: ReleaseIdentity): string {
  return `${model} ${version} (sequence ${sequence})`;
}

function bundleTitle({ model, version }: ReleaseIdentity): string {
  return `the signed bundle of ${model} ${version}`;
}

/**
 * @returns the DER bytes of a public key in PEM (RFC 7468)
 * @throws TypeError when there is none
 */
function pemToDer(pem: string): Uint8Array<ArrayBuffer> {
  const match = /-----BEGIN PUBLIC KEY-----([\s\S]+?)-----END PUBLIC KEY-----/.exec(pem);
  if (!match?.[1]) throw new TypeError("expected a PEM block 'PUBLIC KEY'");
  return fromBase64(match[1].replace(/\s+/g, ''));
}
