import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { PublisherError } from '../errors/publisher-error.js';
import { keyVariable } from '../keys/held-keys.js';
import { listKeyNumbers, privateKeyFile } from '../keys/key-files.js';
import type { KeySource } from '../keys/key-source.js';

/** Whoever has them can sign other weights, or replace every key. */
const OFFLINE_ROLES = ['root', 'model'] as const;

/**
 * Requires that a program which runs unwatched can read no key that it does not need.
 *
 * @throws NearsideError `gate-refused`
 */
export async function requireOnlineKeys({ keys }: KeySource): Promise<void> {
  for (const role of OFFLINE_ROLES) {
    const variable = keyVariable(role);
    if (process.env[variable]) throw refused(variable, role);
    for (const number of keys === undefined ? [] : await listKeyNumbers(keys, role)) {
      const file = privateKeyFile(keys as string, role, number);
      const isReadable = await access(file, constants.R_OK).then(
        () => true,
        () => false,
      );
      if (isReadable) throw refused(file, role);
    }
  }
}

function refused(origin: string, role: string): PublisherError {
  return new PublisherError(
    'gate-refused',
    `${origin}: expected the keys of 'targets', 'snapshot' and 'timestamp' alone, got a key of '${role}' too. ` +
      'Whoever breaks into a job that runs by itself would have it: give the job a folder without it.',
    { details: { origin, role } },
  );
}
