import { NearsideError, parse } from '@nearside/core';
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

/** A version's files as its publisher signed them: name → SHA-256 in hex. */
export interface Manifest {
  readonly release: ReleaseIdentity;
  readonly files: ReadonlyMap<string, string>;
  /** SHA-256 of the PEM text of the key that signed it, in hex. */
  readonly keyHint: string;
  /** SHA-256 of the bundle itself, in hex: names this manifest in reports. */
  readonly sha256: string;
}

type Statement = ReturnType<typeof parseStatement>;

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
): Promise<Manifest> {
  const malformed = { code: 'metadata-malformed', what: bundleTitle(release) } as const;
  const bundle = parse(BundleSchema, parseJson(raw, malformed), malformed);
  const payload = fromBase64(bundle.dsseEnvelope.payload);

  const { hint: keyHint } = bundle.verificationMaterial.publicKey;
  const pem = await requireModelKey(keyHint, modelKeys, release);
  await requireSignature({
    pem,
    signature: fromBase64(bundle.dsseEnvelope.signatures[0]?.sig ?? ''),
    bytes: preAuthenticationEncoding(bundle.dsseEnvelope.payloadType, payload),
    release,
  });

  const statement = parseStatement(payload, malformed);
  requireRelease(statement.predicate[RELEASE_FIELD], release);
  const files = readFiles(statement, release);
  await requireSubject(statement, release);
  return { release, files, keyHint, sha256: await sha256Hex(raw) };
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

async function requireSignature({
  pem,
  signature,
  bytes,
  release,
}: {
  pem: string;
  signature: Uint8Array;
  bytes: Uint8Array<ArrayBuffer>;
  release: ReleaseIdentity;
}): Promise<void> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const crypto = webCrypto();
  const raw = derToRawSignature(signature);
  const key = await importModelKey(crypto, pem, algorithm, release);
  if (raw && (await crypto.verify(algorithm, key, raw, bytes))) return;
  throw new NearsideError(
    'signature-invalid',
    `${bundleTitle(release)}: expected a valid ECDSA P-256 signature over its payload, got one ` +
      'that does not verify.',
    { details: { ...release } },
  );
}

async function importModelKey(
  crypto: SubtleCrypto,
  pem: string,
  algorithm: EcKeyImportParams,
  release: ReleaseIdentity,
): Promise<CryptoKey> {
  try {
    const der = pemToDer(pem, 'PUBLIC KEY');
    return await crypto.importKey('spki', der, algorithm, false, ['verify']);
  } catch (cause) {
    throw new NearsideError(
      'metadata-malformed',
      `root.json: expected the model key of ${bundleTitle(release)} to be an ECDSA P-256 public key ` +
        'in PEM, got something else.',
      { cause, details: { ...release } },
    );
  }
}

function parseStatement(
  payload: Uint8Array,
  malformed: { code: 'metadata-malformed'; what: string },
) {
  return parse(StatementSchema, parseJson(payload, malformed), malformed);
}

/** Without this check a bundle of an older or another model could stand in for this one. */
function requireRelease(got: ReleaseIdentity, expected: ReleaseIdentity): void {
  if (
    got.model === expected.model &&
    got.version === expected.version &&
    got.sequence === expected.sequence
  ) {
    return;
  }
  throw new NearsideError(
    'bundle-mismatch',
    `${bundleTitle(expected)}: expected the files of ${title(expected)}, got those of ${title(got)}.`,
    {
      details: {
        expected,
        got: { model: got.model, version: got.version, sequence: got.sequence },
      },
    },
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

function title({ model, version, sequence }: ReleaseIdentity): string {
  return `${model} ${version} (sequence ${sequence})`;
}

function bundleTitle({ model, version }: ReleaseIdentity): string {
  return `the signed bundle of ${model} ${version}`;
}

/**
 * @returns the DER bytes inside a PEM block of the given label (RFC 7468)
 * @throws TypeError when there is none
 */
export function pemToDer(pem: string, label: 'PUBLIC KEY'): Uint8Array<ArrayBuffer> {
  const match = new RegExp(`-----BEGIN ${label}-----([\\s\\S]+?)-----END ${label}-----`).exec(pem);
  if (!match?.[1]) throw new TypeError(`expected a PEM block '${label}'`);
  return fromBase64(match[1].replace(/\s+/g, ''));
}
