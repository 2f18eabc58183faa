import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rootPath } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import { makeDirectory } from '../files/make-directory.js';
import { readIfFile } from '../files/read-small-file.js';
import { writeIfAbsent } from '../files/replace-file.js';
import { exists } from '../files/stat-path.js';
import { removeUnfinished } from '../files/temporary.js';
import { findExposed } from '../keys/exposed-keys.js';
import { readHeldKeys } from '../keys/held-keys.js';
import {
  KEY_ROLES,
  type KeyRole,
  keyIdOf,
  listKeyNumbers,
  privateKeyFile,
  publicKeyFile,
  publicKeyPem,
} from '../keys/key-files.js';
import { realPlace, requireOutside } from '../keys/place-for-keys.js';
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

/** The keys of a new repository, and where it will be. */
export interface NewKeys {
  readonly keys: string;
  readonly repository: string;
}

/**
 * Finds out how far the keys of a new repository are. A publish that was ended midway is gone on with.
 *
 * @returns the roles whose keys are still to be made
 * @throws NearsideError `output-exists` when keys are there that were not made for this repository
 * @throws TypeError when the keys would be uploaded with the repository, or it is there and accepts others
 */
export async function missingNewKeys({ keys, repository }: NewKeys): Promise<readonly KeyRole[]> {
  await requireOutside(keys, repository);
  const missing: KeyRole[] = [];
  for (const role of KEY_ROLES) if (!(await isMade(keys, role))) missing.push(role);
  const isThere = await exists(join(repository, rootPath(1)));
  if (missing.length === 0 && isThere) return []; // `publish` says whether it accepts them
  if (await areFor({ keys, repository })) return missing;
  if (!isThere) await requireFree(keys, FULL_SET);
  else {
    throw new TypeError(
      `publish: expected a new repository for \`newKeys\`, got ${repository}, which accepts the keys that it ` +
        'was made with alone: give those, or replace them with `nearside rotate-root`.',
    );
  }
  return missing;
}

/**
 * Makes the keys of a new repository that are missing, and notes beside them what they are for, until
 * {@link forgetNewKeys}.
 *
 * @param ask `held`: for the passphrase of those that are there; `choose`: for one where none is there
 * @returns undefined where none was missing
 * @throws as {@link missingNewKeys}, or a key code
 */
export async function makeNewKeys(
  place: NewKeys,
  ask: Record<'held' | 'choose', () => Promise<string | undefined>>,
): Promise<GeneratedKeys | undefined> {
  const { keys: out, repository } = place;
  const missing = await missingNewKeys(place);
  await removeUnfinished(out);
  if (missing.length === 0) return undefined;
  const present = await privateKeyTexts(out);
  const isLocked = present.some((text) => text.includes('ENCRYPTED'));
  const passphrase =
    present.length === 0 ? await ask.choose() : isLocked ? await ask.held() : undefined;
  const held = await readHeldKeys({ keys: out, passphrase: async () => passphrase }, KEY_ROLES);
  await makeDirectory(out, { mode: 0o700 });
  await writeIfAbsent(join(out, MADE_FOR), await realPlace(repository));
  const keys: GeneratedKey[] = [];
  for (const role of missing) {
    const file = privateKeyFile(out, role);
    const key = held.find(({ origin }) => origin === file)?.key;
    keys.push(await writeKey(out, { role, number: 1, key }, passphrase));
  }
  return {
    directory: out,
    keys,
    encrypted: passphrase !== undefined,
    exposed: await findExposed(out),
  };
}

/** The repository is published, so its keys are no longer new. */
export async function forgetNewKeys(place: NewKeys): Promise<void> {
  if (await areFor(place)) await rm(join(place.keys, MADE_FOR), { force: true });
}

/** Holds the repository that keys are being made for. It is hidden, as it is no key. */
const MADE_FOR = '.made-for';

async function areFor({ keys, repository }: NewKeys): Promise<boolean> {
  const noted = await readIfFile(join(keys, MADE_FOR));
  return noted?.toString() === (await realPlace(repository));
}

async function privateKeyTexts(keys: string): Promise<string[]> {
  const files = KEY_ROLES.map((role) => readIfFile(privateKeyFile(keys, role)));
  return (await Promise.all(files)).flatMap((bytes) => bytes?.toString() ?? []);
}

async function isMade(keys: string, role: KeyRole): Promise<boolean> {
  return (await exists(privateKeyFile(keys, role))) && (await exists(publicKeyFile(keys, role)));
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
  { role, number, key: held }: Place & { readonly key?: KeyObject | undefined },
  passphrase: string | undefined,
): Promise<GeneratedKey> {
  const key = held ?? newKey(role);
  const file = privateKeyFile(out, role, number);
  if (!held) await writeNew(file, privateKeyPem(key, passphrase), 0o600);
  const publicFile = publicKeyFile(out, role, number);
  await writeNew(publicFile, publicKeyPem(key));
  return { role, file, publicFile, id: keyIdOf(role, key) };
}

/** Another `keygen` may have been faster. */
async function writeNew(file: string, text: string, mode?: number): Promise<void> {
  if (!(await writeIfAbsent(file, text, { mode }))) throw occupied(file);
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
