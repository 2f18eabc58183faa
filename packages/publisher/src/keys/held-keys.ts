import { createPrivateKey, type KeyObject } from 'node:crypto';
import { shareOnce } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { readSmallFile } from '../files/read-small-file.js';
import { type KeyRole, keyIdOf, listKeyNumbers, privateKeyFile } from './key-files.js';
import { findPassphrase, type KeySource } from './key-source.js';
import { distinctKeys, type NamedKey } from './public-keys.js';
import { requireKind } from './require-kind.js';

export type HeldKey = NamedKey;

/**
 * Reads every private key at hand for these roles, each distinct one once.
 *
 * @throws NearsideError `key-locked`, `key-unusable` or `file-missing`
 */
export async function readHeldKeys(
  { keys, passphrase }: KeySource,
  roles: readonly KeyRole[],
): Promise<HeldKey[]> {
  const unlock = shareOnce(() => findPassphrase(passphrase));
  const held: HeldKey[] = [];
  for (const role of roles) {
    for (const { origin, text } of [...keysOfEnvironment(role), ...(await keyFiles(keys, role))]) {
      for (const pem of splitPem(text, origin, role)) {
        const key = await parsePrivateKey(pem, { origin, role, unlock });
        held.push({ role, id: keyIdOf(role, key), origin, key });
      }
    }
  }
  return distinctKeys(held);
}

export function keyVariable(role: KeyRole): string {
  return `NEARSIDE_KEY_${role.toUpperCase()}`;
}

interface KeyText {
  readonly origin: string;
  readonly text: string;
}

function keysOfEnvironment(role: KeyRole): KeyText[] {
  const origin = keyVariable(role);
  const text = process.env[origin];
  // Some CI systems store a line break in a secret as the two characters `\n`.
  return text ? [{ origin, text: text.replaceAll('\\n', '\n') }] : [];
}

async function keyFiles(directory: string | undefined, role: KeyRole): Promise<KeyText[]> {
  if (directory === undefined) return [];
  const files: KeyText[] = [];
  for (const number of await listKeyNumbers(directory, role)) {
    const origin = privateKeyFile(directory, role, number);
    const what = { what: `the private key of '${role}'`, tooLarge: 'key-unusable' } as const;
    files.push({ origin, text: (await readSmallFile(origin, what)).toString() });
  }
  return files;
}

function splitPem(text: string, origin: string, role: KeyRole): string[] {
  const blocks = text.match(/-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----[^-]+-----END \1-----/g);
  if (!blocks) throw unusable(origin, role, 'expected a private key in PEM, got other text');
  return blocks;
}

async function parsePrivateKey(
  pem: string,
  {
    origin,
    role,
    unlock,
  }: { origin: string; role: KeyRole; unlock: () => Promise<string | undefined> },
): Promise<KeyObject> {
  const encrypted = pem.includes('BEGIN ENCRYPTED PRIVATE KEY');
  const passphrase = encrypted ? await unlock() : undefined;
  if (encrypted && passphrase === undefined) throw locked(origin, role, 'got none');
  const key = createKey(pem, passphrase);
  if (!key && encrypted) throw locked(origin, role, 'got one that does not open it');
  if (!key) throw unusable(origin, role, 'expected a private key in PEM (PKCS #8), got other text');
  return requireKind(key, { origin, role });
}

/** The reason of a failure is left out, because no part of a key file may reach a log. */
function createKey(pem: string, passphrase: string | undefined): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch {
    return undefined;
  }
}

function locked(origin: string, role: KeyRole, got: string): PublisherError {
  return new PublisherError(
    'key-locked',
    `${origin}: expected the passphrase of an encrypted private key, ${got}. Set ` +
      'NEARSIDE_PASSPHRASE, or NEARSIDE_PASSPHRASE_FILE to a file that holds it, or run the ' +
      'command in a terminal, where it asks.',
    { details: { origin, role } },
  );
}

function unusable(origin: string, role: KeyRole, why: string): PublisherError {
  return new PublisherError(
    'key-unusable',
    `${origin}: ${why}. Each role has its own keys; \`nearside keygen\` makes them.`,
    { details: { origin, role } },
  );
}
