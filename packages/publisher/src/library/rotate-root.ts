import type { RepositorySource, Root, TrustedMetadata } from '@nearside/artifact';
import { type HeldKey, readHeldKeys } from '../keys/held-keys.js';
import { TUF_ROLES } from '../keys/key-files.js';
import { changeRepository } from '../repository/change-repository.js';
import { checkFiles } from '../repository/checking/check-files.js';
import { requirePublished } from '../repository/reading/open-repository.js';
import {
  BEFORE_EVERY_EXPIRY_MS,
  type MetadataVersions,
  metadataVersions,
} from '../repository/reading/read-repository.js';
import { compareKeys } from '../rotation/named-keys.js';
import { rotatedRoles } from '../rotation/next-root.js';
import { planRotation, type RotationRequest } from '../rotation/plan-rotation.js';
import { readProposal, requireNext } from '../rotation/proposal.js';
import { type InterruptedState, readInterrupted } from '../rotation/read-interrupted.js';
import { requireNoVersionLost } from '../rotation/require-no-version-lost.js';
import type { Generation } from '../signing/resign-roles.js';
import { signForBothRoots } from '../signing/sign-for-both-roots.js';

export interface RotateRootOptions extends RotationRequest {
  /** Directory of the repository. */
  readonly repository: string;
  /** File with the next root, which others have signed already. It replaces a request. */
  readonly proposal?: string | undefined;
  /** Goes ahead although devices will refuse versions that a removed model key signed. */
  readonly dropVersions?: boolean | undefined;
  readonly now?: () => number;
}

export interface RootRotation {
  /** False if the newest root says all this already. Then nothing was signed. */
  readonly changed: boolean;
  readonly metadata: MetadataVersions;
  /** Paths that were written, in the order in which they must appear. Boot files come after them. */
  readonly files: readonly string[];
  /** Ids of the keys that came and went. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Versions that devices refuse from now on, as `model version`. */
  readonly droppedVersions: readonly string[];
}

/**
 * Writes the next root: other keys, or another number of them, for any role. The old and the new root keys sign it,
 * and metadata of rotated keys is signed anew, so that devices can follow from any earlier root. Keys that an earlier
 * root named never come back. The same again signs nothing.
 *
 * @throws NearsideError `file-missing`, `threshold-not-met`, `key-locked`, `key-unusable`, `version-conflict` when a
 *   proposal is not the next root, `gate-refused` when devices would lose versions, or a trust code
 * @throws RangeError when `removeKeys` names no key, or several
 */
export async function rotateRoot(options: RotateRootOptions): Promise<RootRotation> {
  const { repository, dropVersions = false, now = Date.now } = options;
  const { result } = await changeRepository(
    repository,
    async ({ source, writer }) => {
      const before = requirePublished(await readInterrupted(source), repository);
      const { trusted } = before;
      const nowMs = now();
      const { root: next, signedRoot, held } = await chooseRoot(options, trusted, nowMs);
      if (!next && !before.voided) {
        const nothing = { files: [], added: [], removed: [], droppedVersions: [] };
        return { changed: false, metadata: metadataVersions(before), ...nothing };
      }

      const root = next ?? trusted.root;
      const { added, removed } = compareKeys(trusted.root, root);
      const allowed = { removed, allowed: dropVersions };
      const droppedVersions = await requireNoVersionLost(source, trusted, allowed);
      const rotated = before.voided ? TUF_ROLES : rotatedRoles(trusted.root, root);
      const signing = { trusted, root, signedRoot, rotated, held, keySource: options, nowMs };
      const { metadata, files } = signForBothRoots(signing);
      await checkForAll(files, source, before);
      for (const [path, bytes] of files) await writer.write(path, bytes);
      const written = { metadata, files: [...files.keys()] };
      return { changed: true, ...written, added, removed, droppedVersions };
    },
    { read: readInterrupted },
  );
  return result;
}

interface ChosenRoot {
  /** Undefined if it is there already. */
  readonly root: Root | undefined;
  readonly signedRoot?: Uint8Array<ArrayBuffer> | undefined;
  readonly held: readonly HeldKey[];
}

async function chooseRoot(
  options: RotateRootOptions,
  trusted: TrustedMetadata,
  nowMs: number,
): Promise<ChosenRoot> {
  const { proposal: file, keys, passphrase } = options;
  if (file === undefined) return planRotation(options, trusted, nowMs);
  const proposal = await readProposal(file);
  const held = await readHeldKeys({ keys, passphrase }, TUF_ROLES);
  const newest = trusted.rootChain.at(-1) ?? new Uint8Array();
  if (Buffer.from(proposal.raw).equals(newest)) return { root: undefined, held };
  requireNext(file, proposal, trusted.root);
  return { root: proposal.signed, signedRoot: proposal.raw, held };
}

/** Checks that a device that opens for the first time accepts it, and so does one that trusts the earlier state. */
async function checkForAll(
  files: Generation['files'],
  source: RepositorySource,
  { pin, trusted, voided }: InterruptedState,
): Promise<void> {
  const options = { source, pin, nowMs: BEFORE_EVERY_EXPIRY_MS };
  if (!trusted.timestamp) return;
  await checkFiles(files, { ...options, trusted: undefined });
  if (!voided) await checkFiles(files, { ...options, trusted });
}
