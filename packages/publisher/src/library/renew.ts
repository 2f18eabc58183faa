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
} from '../repository/reading/read-repository.js';
import { expiresOf, isTooLong, lifetimeLeft } from '../signing/lifetimes.js';
import { header } from '../signing/metadata.js';
import { signForBothRoots } from '../signing/sign-for-both-roots.js';

export interface RenewOptions extends KeySource {
  /** Directory of the repository. */
  readonly repository: string;
  /**
   * What to renew, whoever has to sign along. Default: the timestamp; and snapshot and targets
   * when less than half of their lifetime is left, or more than all of it, and their keys are at hand.
   */
  readonly roles?: readonly TufRole[] | undefined;
  readonly now?: () => number;
}

export interface Renewal {
  /** Version of each metadata role now. */
  readonly metadata: MetadataVersions;
  /** Roles with a new version. */
  readonly renewed: readonly TufRole[];
  /** When each role expires now. */
  readonly expires: Readonly<Partial<Record<TufRole, string>>>;
  /** Roles with less than half of their lifetime left still, or more than all: other keys renew them. */
  readonly due: readonly TufRole[];
}

/** Early enough that a job which fails for a while is noticed before devices notice it. */
const DUE_BELOW = 0.5;

/**
 * Gives metadata a new version with a full lifetime, and the same content. Neither a model key nor,
 * without the role `root`, a root key is needed. What has expired can be renewed too.
 *
 * @throws NearsideError `file-missing`, `threshold-not-met`, `key-unusable`, `key-locked`,
 *   `repository-locked`, or a trust code when the repository does not verify
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
    const held = await readHeldKeys(keySource, rolesToRead(roles));
    const wanted = roles ?? [...dueOnline(trusted, held, nowMs), 'timestamp'];
    const root = wanted.includes('root')
      ? { ...trusted.root, ...header('root', trusted.root.version + 1, nowMs) }
      : trusted.root;
    const rotated = wanted.filter((role) => role !== 'root');
    const signing = { trusted, root, rotated, held, keySource, nowMs };
    const { metadata, files } = signForBothRoots(signing);
    // What is not renewed here may have expired: that is for the one who has its key.
    const check = { source, pin, trusted, nowMs: BEFORE_EVERY_EXPIRY_MS };
    const after = (await checkFiles(files, check)).trusted;
    for (const [path, bytes] of files) await writer.write(path, bytes);
    return {
      metadata,
      renewed: TUF_ROLES.filter((role) => versionOf(after, role) !== versionOf(trusted, role)),
      expires: Object.fromEntries(TUF_ROLES.map((role) => [role, expiresOf(after, role)])),
      due: TUF_ROLES.filter((role) => isDue(after, role, nowMs)),
    };
  });
  return result;
}

/** A root key is not even read unless it is needed; those of the roles above sign along. */
function rolesToRead(roles: readonly TufRole[] | undefined): TufRole[] {
  return TUF_ROLES.filter((role) => role !== 'root' || roles?.includes('root'));
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
  const expires = expiresOf(trusted, role);
  if (expires === undefined) return false;
  return lifetimeLeft(role, expires, nowMs) < DUE_BELOW || isTooLong(role, expires, nowMs);
}

function versionOf(trusted: TrustedMetadata, role: TufRole): number | undefined {
  return role === 'root' ? trusted.root.version : trusted[role]?.signed.version;
}
