import { canonicalJson, MODEL_KEYS_FIELD, type Root } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { type KeyRole, publicKeyPem, TUF_ROLES, type TufRole } from '../keys/key-files.js';
import type { NamedKey } from '../keys/public-keys.js';
import type { Thresholds } from '../keys/thresholds.js';
import { tufKeyOf } from '../keys/tuf-key.js';
import { header } from '../signing/metadata.js';

/** The changes of a rotation. */
export interface RootChange {
  readonly replace: readonly KeyRole[];
  readonly add: readonly KeyRole[];
  /** Full key ids. */
  readonly remove: readonly string[];
  readonly thresholds: Thresholds;
}

/**
 * Makes the root after this one.
 *
 * @param fresh keys that no root of this repository has named yet
 * @returns undefined if it would be the same
 * @throws NearsideError `threshold-not-met` when a role would have fewer keys than its threshold
 */
export function nextRoot(
  root: Root,
  { change, fresh, nowMs }: { change: RootChange; fresh: readonly NamedKey[]; nowMs: number },
): Root | undefined {
  const roles = { ...root.roles };
  for (const role of TUF_ROLES) {
    const present = root.roles[role];
    const keyids = chooseKeys(role, present.keyids, change, fresh);
    const threshold = change.thresholds[role] ?? present.threshold;
    if (keyids.length < threshold) throw tooFew(role, threshold, keyids.length);
    roles[role] = { ...present, keyids, threshold };
  }
  const next: Root = {
    ...root,
    keys: keysOf(roles, root, fresh),
    roles,
    [MODEL_KEYS_FIELD]: nextModelKeys(root, change, fresh),
  };
  if (canonicalJson(next) === canonicalJson(root)) return undefined;
  return { ...next, ...header('root', root.version + 1, nowMs) };
}

/** Roles whose metadata must be signed anew, because other or more keys must sign it. */
export function rotatedRoles(before: Root, after: Root): TufRole[] {
  return TUF_ROLES.filter((role) => {
    const [a, b] = [before.roles[role], after.roles[role]];
    const same = [...a.keyids].sort().join() === [...b.keyids].sort().join();
    return !same || a.threshold !== b.threshold;
  });
}

function chooseKeys(
  role: KeyRole,
  present: readonly string[],
  { replace, add, remove }: RootChange,
  fresh: readonly NamedKey[],
): string[] {
  const added = fresh.filter((key) => key.role === role).map(({ id }) => id);
  const isReplaced = replace.includes(role) && added.length > 0;
  const kept = isReplaced ? [] : present.filter((id) => !remove.includes(id));
  return isReplaced || add.includes(role) ? [...kept, ...added] : kept;
}

/** Keeps the keys that a role names, and no other. */
function keysOf(roles: Root['roles'], before: Root, fresh: readonly NamedKey[]): Root['keys'] {
  const known = new Map(Object.entries(before.keys));
  for (const { role, id, key } of fresh) if (role !== 'model') known.set(id, tufKeyOf(key));
  const named = new Set(TUF_ROLES.flatMap((role) => roles[role].keyids));
  return Object.fromEntries([...known].filter(([id]) => named.has(id)));
}

function nextModelKeys(
  root: Root,
  change: RootChange,
  fresh: readonly NamedKey[],
): Record<string, string> {
  const present = root[MODEL_KEYS_FIELD];
  const added = fresh
    .filter(({ role }) => role === 'model')
    .map(({ id, key }) => [id, publicKeyPem(key)] as const);
  const known = new Map([...Object.entries(present), ...added]);
  const chosen = chooseKeys('model', Object.keys(present), change, fresh);
  if (chosen.length === 0) throw tooFew('model', 1, 0);
  return Object.fromEntries(chosen.map((id) => [id, known.get(id) ?? '']));
}

function tooFew(role: KeyRole, threshold: number, got: number): NearsideError {
  return new NearsideError(
    'threshold-not-met',
    `'${role}': expected at least ${threshold} keys in the next root, because that many must ` +
      `sign, got ${got}. Make more with \`nearside keygen --role ${role}\`, or lower the threshold.`,
    { details: { role, threshold, keys: got } },
  );
}
