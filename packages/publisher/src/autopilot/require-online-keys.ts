import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Root } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import { keyVariable, readHeldKeys } from '../keys/held-keys.js';
import { listKeyNumbers, privateKeyFile } from '../keys/key-files.js';
import type { KeySource } from '../keys/key-source.js';
import { requireThreshold } from '../signing/signers.js';

/** Those that autopilot signs with. */
export const ONLINE_ROLES = ['targets', 'snapshot', 'timestamp'] as const;

/** Whoever has them can sign other weights, or replace every key. */
const OFFLINE_ROLES = ['root', 'model'] as const;

/**
 * Requires that a program which runs unwatched can read no key that it does not need.
 *
 * @throws NearsideError `gate-refused`
 */
export async function requireNoOfflineKey({ keys }: KeySource): Promise<void> {
  for (const role of OFFLINE_ROLES) {
    const variable = keyVariable(role);
    if (process.env[variable]) throw refused(variable, role);
    for (const number of keys === undefined ? [] : await listKeyNumbers(keys, role)) {
      const file = privateKeyFile(keys as string, role, number);
      const isReadable = await access(file, constants.R_OK).then(
        () => true,
        () => false,
      );
      if (isReadable) throw refused(file, role, keys);
    }
  }
}

/**
 * Requires the keys for whatever may have to be signed: an act that is due at night finds them.
 *
 * @throws NearsideError `file-missing`, `threshold-not-met`, `key-unusable` or `key-locked`
 */
export async function requireOnlineKeys(keySource: KeySource, root: Root): Promise<void> {
  const held = await readHeldKeys(keySource, ONLINE_ROLES);
  for (const role of ONLINE_ROLES) requireThreshold(root, role, held, keySource);
}

/** @param keys directory of the key; undefined for one of the environment */
function refused(origin: string, role: string, keys?: string): PublisherError {
  const remedy =
    keys === undefined
      ? 'unset it'
      : `\`mkdir online && cp ${keys}/{${ONLINE_ROLES.join(',')}}.pem online/\`, then \`--keys online\``;
  return new PublisherError(
    'gate-refused',
    `${origin}: expected the keys of 'targets', 'snapshot' and 'timestamp' alone, got a key of '${role}' too. ` +
      'Whoever breaks into a job that runs by itself would have it: ' +
      `${remedy}.`,
    { details: { origin, role } },
  );
}
