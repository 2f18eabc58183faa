import { createPublicKey, type KeyObject } from 'node:crypto';
import { PublisherError } from '../errors/publisher-error.js';
import { readSmallFile } from '../files/read-small-file.js';
import { type KeyRole, keyIdOf, listKeyNumbers, publicKeyFile } from './key-files.js';
import { requireKind } from './require-kind.js';

/** A key by its public or private half, which is enough to name it in root metadata. */
export interface NamedKey {
  readonly role: KeyRole;
  /** Its name in root metadata, 64 hex digits. */
  readonly id: string;
  /** The file or environment variable it came from. */
  readonly origin: string;
  readonly key: KeyObject;
}

/**
 * Reads the public halves in a directory. Other people may hold the private ones.
 *
 * @throws NearsideError `key-unusable` or `file-missing`
 */
export async function readPublicKeys(
  directory: string | undefined,
  roles: readonly KeyRole[],
): Promise<NamedKey[]> {
  const keys: NamedKey[] = [];
  for (const role of directory === undefined ? [] : roles) {
    for (const number of await listKeyNumbers(directory ?? '', role, 'public')) {
      const origin = publicKeyFile(directory ?? '', role, number);
      const what = { what: `the public key of '${role}'`, tooLarge: 'key-unusable' } as const;
      const pem = (await readSmallFile(origin, what)).toString();
      const key = parsePublicKey(pem, origin, role);
      keys.push({ role, id: keyIdOf(role, key), origin, key });
    }
  }
  return keys;
}

/** Keeps each key once, the first of equal ones. */
export function distinctKeys<Key extends NamedKey>(keys: readonly Key[]): Key[] {
  const first = new Map<string, Key>();
  for (const key of keys) {
    const identity = `${key.role} ${key.id}`;
    if (!first.has(identity)) first.set(identity, key);
  }
  return [...first.values()];
}

function parsePublicKey(pem: string, origin: string, role: KeyRole): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new PublisherError(
      'key-unusable',
      `${origin}: expected a public key in PEM, got other text. \`nearside keygen\` writes them.`,
      { details: { origin, role } },
    );
  }
  return requireKind(key, { origin, role });
}
