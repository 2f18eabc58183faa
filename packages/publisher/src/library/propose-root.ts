import { openDirectorySource, requireRepository } from '../repository/reading/open-repository.js';
import { compareKeys } from '../rotation/named-keys.js';
import { planRotation, type RotationRequest } from '../rotation/plan-rotation.js';
import { type RootProposal, signWithHeld, writeProposal } from '../rotation/proposal.js';
import { requireNoVersionLost } from '../rotation/require-no-version-lost.js';
import { header } from '../signing/metadata.js';

export interface ProposeRootOptions extends RotationRequest {
  /** Directory of the repository. */
  readonly repository: string;
  /** File to write the next root to, outside the repository. */
  readonly file: string;
  /** Goes ahead although devices will refuse versions that a removed model key signed. */
  readonly dropVersions?: boolean | undefined;
  readonly now?: () => number;
}

/**
 * Writes the next root to a file, signed by the root keys at hand. Others sign it with `signRoot` where their keys
 * are. Without a change it is the same root with a full lifetime. The repository stays as it is until `rotateRoot`
 * gets the file.
 *
 * @throws NearsideError as `rotateRoot`, but signatures may be too few
 */
export async function proposeRoot(options: ProposeRootOptions): Promise<RootProposal> {
  const { repository, file, dropVersions = false, now = Date.now } = options;
  const source = openDirectorySource(repository);
  const { trusted } = await requireRepository(source, repository);
  const { root: present } = trusted;
  const { root: planned, held } = await planRotation(options, trusted, now());
  const next = planned ?? { ...present, ...header('root', present.version + 1, now()) };
  const { removed } = compareKeys(present, next);
  await requireNoVersionLost(source, trusted, { removed, allowed: dropVersions });
  const unsigned = { signedJson: next, signatures: [] };
  const bytes = signWithHeld(unsigned, { before: present, after: next, held });
  return writeProposal(file, bytes, present);
}
