import type { TrustedMetadata } from '@nearside/artifact';
import { type HeldKey, readHeldKeys } from '../keys/held-keys.js';
import { TUF_ROLES, type TufRole } from '../keys/key-files.js';
import type { KeySource } from '../keys/key-source.js';
import { changeRepository } from '../repository/change-repository.js';
import { checkFiles } from '../repository/checking/check-files.js';
import { requirePublished } from '../repository/reading/open-repository.js';
import {
  BEFORE_EVERY_EXPIRY_MS,
  type MetadataVersions,
  signedOf,
} from '../repository/reading/read-repository.js';
import { isTooLong, lifetimeLeft } from '../signing/lifetimes.js';
import { header } from '../signing/metadata.js';
import { signForBothRoots } from '../signing/sign-for-both-roots.js';

export interface RenewOptions extends KeySource {
  /** Directory of the repository. */
  readonly repository: string;
  /**
   * Roles to renew; the roles that name them are signed too. By default the timestamp, and also snapshot and targets
   * if less than half of their lifetime is left, or more than all of it, and their keys are at hand.
   */
  readonly roles?: readonly TufRole[] | undefined;
  readonly now?: () => number;
}

export interface Renewal {
  readonly metadata: MetadataVersions;
  /** Roles with a new version. */
  readonly renewed: readonly TufRole[];
  /** Expiry of each role now. */
  readonly expires: Readonly<Partial<Record<TufRole, string>>>;
  /** Roles that still have less than half of their lifetime left, or more than all of it, and need other keys. */
  readonly due: readonly TufRole[];
}

/** Early enough to notice a failing job before devices notice it. */
const DUE_BELOW = 0.5;

/**
 * Gives metadata a new version with a full lifetime, and the same content. Neither a model key nor, without the role
 * `root`, a root key is needed. Expired metadata can be renewed too.
 *
 * @throws NearsideError `file-missing`, `threshold-not-met`, `key-unusable`, `key-locked`, `repository-locked`, or a
 *   trust code when the repository does not verify
 */
export async function renew({
  repository,
  roles,
  now = Date.now,
  ...keySource
}: RenewOptions): Promise<Renewal> {
  const { result } = await changeRepository(repository, async ({ source, before, writer }) => {
    const { pin, trusted } = requirePublished(before, repository);
    const nowMs = now();
    // A root key is read only if it is needed. Keys of the roles above sign too.
    const needed = TUF_ROLES.filter((role) => role !== 'root' || roles?.includes('root'));
    const held = await readHeldKeys(keySource, needed);
    const wanted = roles ?? [...dueOnline(trusted, held, nowMs), 'timestamp'];
    const root = wanted.includes('root')
      ? { ...trusted.root, ...header('root', trusted.root.version + 1, nowMs) }
      : trusted.root;
    const rotated = wanted.filter((role) => role !== 'root');
    const signing = { trusted, root, rotated, held, keySource, nowMs };
    const { metadata, files } = signForBothRoots(signing);
    // Other roles may have expired. Renewing them is for those who have their keys.
    const check = { source, pin, trusted, nowMs: BEFORE_EVERY_EXPIRY_MS };
    const after = (await checkFiles(files, check)).trusted;
    for (const [path, bytes] of files) await writer.write(path, bytes);
    return {
      metadata,
      renewed: TUF_ROLES.filter(
        (role) => signedOf(after, role)?.version !== signedOf(trusted, role)?.version,
      ),
      expires: Object.fromEntries(TUF_ROLES.map((role) => [role, signedOf(after, role)?.expires])),
      due: TUF_ROLES.filter((role) => isDue(after, role, nowMs)),
    };
  });
  return result;
}

/** Snapshot and targets, where they are due and can be signed here. */
function dueOnline(trusted: TrustedMetadata, held: readonly HeldKey[], nowMs: number): TufRole[] {
  const canSign = (role: TufRole) => {
    const { keyids, threshold } = trusted.root.roles[role];
    const named = held.filter((key) => key.role === role && keyids.includes(key.id));
    return named.length >= threshold;
  };
  return (['targets', 'snapshot'] as const).filter(
    (role) =>
      isDue(trusted, role, nowMs) && canSign(role) && (role !== 'targets' || canSign('snapshot')),
  );
}

function isDue(trusted: TrustedMetadata, role: TufRole, nowMs: number): boolean {
  const expires = signedOf(trusted, role)?.expires;
  return isHalfOver(trusted, role, nowMs) || (!!expires && isTooLong(role, expires, nowMs));
}

/** Less than half of its lifetime is left. */
export function isHalfOver(trusted: TrustedMetadata, role: TufRole, nowMs: number): boolean {
  const expires = signedOf(trusted, role)?.expires;
  return expires !== undefined && lifetimeLeft(role, expires, nowMs) < DUE_BELOW;
}
