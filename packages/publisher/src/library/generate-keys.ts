import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootPath } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import { isCode, makeDirectory } from '../files/make-directory.js';
import { exists } from '../files/stat-path.js';
import { findExposed } from '../keys/exposed-keys.js';
import {
  KEY_ROLES,
  type KeyRole,
  keyIdOf,
  listKeyNumbers,
  privateKeyFile,
  publicKeyFile,
  publicKeyPem,
} from '../keys/key-files.js';
import { requireOutside } from '../keys/place-for-keys.js';
import { privateKeyPem } from '../keys/private-key-pem.js';
import { readThresholds, writeThresholds } from '../keys/thresholds.js';

export interface GenerateKeysOptions {
  /** Directory to write to; made when missing. */
  readonly out: string;
  /** Makes keys of this role alone, beside those that are there. Default: one key for every role. */
  readonly role?: KeyRole | undefined;
  /** Number of keys of the role; default 1. */
  readonly count?: number | undefined;
  /** How many keys of the role must sign. The first publish writes it into root metadata. */
  readonly threshold?: number | undefined;
  /** Encrypts the files. Without one they hold the keys in the clear. */
  readonly passphrase?: string | undefined;
}

export interface GeneratedKeys {
  readonly directory: string;
  readonly keys: readonly GeneratedKey[];
  readonly encrypted: boolean;
  /** Private keys that others than their owner may read, and their directory if so. */
  readonly exposed: readonly string[];
}

export interface GeneratedKey {
  readonly role: KeyRole;
  readonly file: string;
  /** TUF key id; for a model key, the hint that its signatures carry. 64 hex digits. */
  readonly id: string;
  /** Its public half, for a root that names it, and for other tools that verify signatures. */
  readonly publicFile: string;
}

/**
 * Makes Ed25519 keys for the TUF roles and ECDSA P-256 keys for models, because OMS allows no
 * Ed25519. Files are PKCS #8 PEM, readable by their owner only. Nothing is overwritten.
 *
 * @throws NearsideError `output-exists`
 * @throws TypeError or RangeError when role, count and threshold do not fit each other
 */
export async function generateKeys(options: GenerateKeysOptions): Promise<GeneratedKeys> {
  const { out, role, threshold, passphrase } = options;
  requireFitting(options);
  const places = role ? await nextPlaces(out, role, options.count ?? 1) : FULL_SET;
  await requireFree(out, places);
  if (role && threshold !== undefined) requireReachable(role, threshold, places);
  await makeDirectory(out, { mode: 0o700 });
  if (role && role !== 'model' && threshold !== undefined) {
    await writeThresholds(out, { ...(await readThresholds(out)), [role]: threshold });
  }
  const keys: GeneratedKey[] = [];
  for (const place of places) keys.push(await writeKey(out, place, passphrase));
  return {
    directory: out,
    keys,
    encrypted: passphrase !== undefined,
    exposed: await findExposed(out),
  };
}

/**
 * Requires a place where the keys of a new repository may lie.
 *
 * @throws TypeError when there is a repository already, or the keys would be uploaded with it
 */
export async function requireForNewKeys({
  keys,
  repository,
}: {
  keys: string;
  repository: string;
}): Promise<void> {
  if (await exists(join(repository, rootPath(1)))) {
    throw new TypeError(
      `publish: expected a new repository for \`newKeys\`, got ${repository}, which accepts the keys that it ` +
        'was made with alone: give those, or replace them with `nearside rotate-root`.',
    );
  }
  await requireOutside(keys, repository);
}

/** A key of a role, by its number. */
interface Place {
  readonly role: KeyRole;
  readonly number: number;
}

const FULL_SET: readonly Place[] = KEY_ROLES.map((role) => ({ role, number: 1 }));

async function nextPlaces(out: string, role: KeyRole, count: number): Promise<Place[]> {
  // The private half may be lost or with somebody else, so the public half may be there alone.
  const halves = ['private', 'public'] as const;
  const numbers = await Promise.all(halves.map((half) => listKeyNumbers(out, role, half)));
  const last = Math.max(0, ...numbers.flat());
  return Array.from({ length: count }, (_, i) => ({ role, number: last + 1 + i }));
}

async function writeKey(
  out: string,
  { role, number }: Place,
  passphrase: string | undefined,
): Promise<GeneratedKey> {
  const key = newKey(role);
  const file = privateKeyFile(out, role, number);
  const pem = privateKeyPem(key, passphrase);
  await writeNew(file, pem, 0o600);
  const publicFile = publicKeyFile(out, role, number);
  await writeNew(publicFile, publicKeyPem(key));
  return { role, file, publicFile, id: keyIdOf(role, key) };
}

/** Another `keygen` may have been faster. */
async function writeNew(file: string, text: string, mode?: number): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode, flush: true }).catch((error) => {
    throw isCode(error, 'EEXIST') ? occupied(file) : error;
  });
}

function newKey(role: KeyRole): KeyObject {
  return role === 'model'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    : generateKeyPairSync('ed25519').privateKey;
}

function requireFitting({ role, count, threshold, passphrase }: GenerateKeysOptions): void {
  if (role === undefined && (count !== undefined || threshold !== undefined)) {
    throw new TypeError(
      'generateKeys: expected `role` with `count` or `threshold`, because they are for one role.',
    );
  }
  if (role === 'model' && threshold !== undefined) {
    throw new TypeError(
      'generateKeys: expected no `threshold` for model keys: a bundle has exactly one signature ' +
        '(Sigstore bundle 0.3). Give the role "targets" one.',
    );
  }
  for (const [name, value] of Object.entries({ count, threshold })) {
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
    throw new RangeError(`generateKeys: expected \`${name}\` to be 1 or more, got ${value}.`);
  }
  if (passphrase === '') throw new RangeError('generateKeys: expected a `passphrase`, got none.');
}

/** Keys are numbered without gaps, so the last new number is their number. */
function requireReachable(role: KeyRole, threshold: number, places: readonly Place[]): void {
  const total = places.at(-1)?.number ?? 0;
  if (threshold <= total) return;
  throw new RangeError(
    `generateKeys: expected a \`threshold\` of at most ${total}, the number of '${role}' keys there ` +
      `will be, got ${threshold}. Make more of them with \`count\`.`,
  );
}

/** All keys are made or none: half a set of new keys beside half a set of old ones signs nothing. */
async function requireFree(out: string, places: readonly Place[]): Promise<void> {
  const files = places.flatMap(({ role, number }) => [
    privateKeyFile(out, role, number),
    publicKeyFile(out, role, number),
  ]);
  for (const file of files) {
    if (await exists(file)) throw occupied(file);
  }
}

function occupied(file: string): PublisherError {
  return new PublisherError(
    'output-exists',
    `${file}: expected no key there, got one. Keys are never overwritten: choose another ` +
      'directory with `--out`, or add a key with `--role`.',
    { details: { file } },
  );
}
