import { MODEL_KEYS_FIELD, type Root } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { readHeldKeys } from '../keys/held-keys.js';
import { KEY_ROLES, publicKeyPem, TUF_ROLES, type TufRole } from '../keys/key-files.js';
import type { KeySource } from '../keys/key-source.js';
import { distinctKeys, type NamedKey, readPublicKeys } from '../keys/public-keys.js';
import { readThresholds, type Thresholds } from '../keys/thresholds.js';
import { tufKeyOf } from '../keys/tuf-key.js';
import { header } from './metadata.js';
import { noKey } from './signers.js';

/**
 * Makes the first root of a repository. It names every key whose public half is at hand, and the thresholds that
 * `keygen --threshold` chose.
 *
 * @throws NearsideError `file-missing`, `threshold-not-met`, `key-locked` or `key-unusable`
 */
export async function createFirstRoot(keySource: KeySource, nowMs: number): Promise<Root> {
  const named = distinctKeys([
    ...(await readHeldKeys(keySource, KEY_ROLES)),
    ...(await readPublicKeys(keySource.keys, KEY_ROLES)),
  ]);
  const missing = KEY_ROLES.find((role) => named.every((key) => key.role !== role));
  if (missing) throw noKey(missing, keySource);
  const thresholds = await readThresholds(keySource.keys);
  const tufKeys = named.filter(({ role }) => role !== 'model');
  const modelKeys = named.filter(({ role }) => role === 'model');
  return {
    ...header('root', 1, nowMs),
    consistent_snapshot: true,
    keys: Object.fromEntries(tufKeys.map(({ id, key }) => [id, tufKeyOf(key)])),
    roles: rolesOf(tufKeys, thresholds),
    [MODEL_KEYS_FIELD]: Object.fromEntries(modelKeys.map(({ id, key }) => [id, publicKeyPem(key)])),
  };
}

function rolesOf(keys: readonly NamedKey[], thresholds: Thresholds): Root['roles'] {
  const roles = TUF_ROLES.map((role) => {
    const keyids = keys.filter((key) => key.role === role).map(({ id }) => id);
    const threshold = thresholds[role] ?? 1;
    if (keyids.length < threshold) throw tooFewKeys(role, threshold, keyids);
    return [role, { keyids, threshold }] as const;
  });
  return Object.fromEntries(roles) as Root['roles'];
}

function tooFewKeys(role: TufRole, threshold: number, keyids: readonly string[]): NearsideError {
  return new NearsideError(
    'threshold-not-met',
    `'${role}': expected at least ${threshold} keys, as roles.json demands, got ${keyids.length}. ` +
      'The first publish needs at least the public half, `<role>-<n>.pub.pem`, of each key.',
    { details: { role, threshold, available: keyids } },
  );
}
