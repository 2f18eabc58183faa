import type { Root, TrustedMetadata } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { type HeldKey, readHeldKeys } from '../keys/held-keys.js';
import { KEY_ROLES, type KeyRole } from '../keys/key-files.js';
import type { KeySource } from '../keys/key-source.js';
import { distinctKeys, type NamedKey, readPublicKeys } from '../keys/public-keys.js';
import type { Thresholds } from '../keys/thresholds.js';
import { everNamedKeys, firstNamedKeys, namedKeys } from './named-keys.js';
import { nextRoot, type RootChange } from './next-root.js';

/** The changes that a rotation should make. Without any, the next root is the same. */
export interface RotationRequest extends KeySource {
  /**
   * Directory of the fresh keys. Public halves are enough if others hold the private ones. Default: keys in `keys`
   * that no root has named yet.
   */
  readonly newKeys?: string | undefined;
  /** Roles whose keys are replaced by the fresh ones. */
  readonly replace?: readonly KeyRole[] | undefined;
  /** Roles that get the fresh keys beside those they have. */
  readonly add?: readonly KeyRole[] | undefined;
  /** Ids of keys that no role may use any more, or at least their first 8 digits. */
  readonly removeKeys?: readonly string[] | undefined;
  readonly thresholds?: Thresholds | undefined;
}

export interface RotationPlan {
  /** Undefined if the newest root says all of it already. */
  readonly root: Root | undefined;
  /** All private keys at hand, each once. */
  readonly held: readonly HeldKey[];
}

/**
 * Finds the next root and the keys to sign with. Keys that an earlier root named never come back.
 *
 * @throws NearsideError `file-missing` without fresh keys, `threshold-not-met`, `key-locked` or
 *   `key-unusable`
 * @throws RangeError when `removeKeys` names no key, or several
 */
export async function planRotation(
  request: RotationRequest,
  trusted: TrustedMetadata,
  nowMs: number,
): Promise<RotationPlan> {
  const { keys, newKeys, passphrase, replace = [], add = [] } = request;
  const remove = (request.removeKeys ?? []).flatMap((prefix) => findKey(prefix, trusted));
  const change: RootChange = { replace, add, remove, thresholds: request.thresholds ?? {} };
  const present = await readHeldKeys({ keys, passphrase }, KEY_ROLES);
  const brought = newKeys ? await readHeldKeys({ keys: newKeys, passphrase }, KEY_ROLES) : [];
  const held = distinctKeys([...present, ...brought]);
  const offered = distinctKeys([
    ...(newKeys ? brought : present),
    ...(await readPublicKeys(newKeys ?? keys, KEY_ROLES)),
  ]);
  const fresh = [...new Set([...replace, ...add])].flatMap((role) =>
    findFresh(role, offered, trusted, request),
  );
  return { root: nextRoot(trusted.root, { change, fresh, nowMs }), held };
}

/** Finds one key of root; none if an earlier root named it, because it is removed already. */
function findKey(prefix: string, trusted: TrustedMetadata): string[] {
  const matches = (ids: readonly string[]) => ids.filter((id) => id.startsWith(prefix));
  const present = [...new Set(matches(namedKeys(trusted.root)))];
  const isLongEnough = prefix.length >= 8;
  if (isLongEnough && present.length === 1) return present;
  if (isLongEnough && present.length === 0 && matches(everNamedKeys(trusted)).length > 0) return [];
  throw new RangeError(
    `rotateRoot: expected \`removeKeys\` to be the id of a key in root version ${trusted.root.version}, or at least ` +
      `its first 8 digits, got '${prefix}', which fits ${present.length} of them. ` +
      '`nearside inspect` shows them.',
  );
}

/** Finds the fresh keys; none if the same request has brought them before. */
function findFresh(
  role: KeyRole,
  offered: readonly NamedKey[],
  trusted: TrustedMetadata,
  { keys = 'keys', newKeys }: RotationRequest,
): NamedKey[] {
  const ofRole = offered.filter((key) => key.role === role);
  const fresh = ofRole.filter(({ id }) => !everNamedKeys(trusted).includes(id));
  // No rotation brought the keys of the first root.
  const first = newKeys ? [] : firstNamedKeys(trusted);
  const current = namedKeys(trusted.root).filter((id) => !first.includes(id));
  if (fresh.length > 0 || ofRole.some(({ id }) => current.includes(id))) return fresh;
  const directory = newKeys ?? keys;
  throw new NearsideError(
    'file-missing',
    `${directory}: expected a '${role}' key that no root of this repository has named yet, got ` +
      `none. \`nearside keygen --out ${directory} --role ${role}\` makes one.`,
    { details: { role, directory } },
  );
}
