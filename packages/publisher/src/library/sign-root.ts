import { parseTrust } from '@nearside/artifact';
import { readHeldKeys } from '../keys/held-keys.js';
import type { KeySource } from '../keys/key-source.js';
import {
  openRepository,
  requirePin,
  requireRepository,
} from '../repository/reading/open-repository.js';
import {
  type RootProposal,
  readProposal,
  requireNext,
  signWithHeld,
  writeProposal,
} from '../rotation/proposal.js';
import { noKey } from '../signing/signers.js';

export interface SignRootOptions extends KeySource {
  /** The file that `proposeRoot` wrote. */
  readonly file: string;
  /** Directory or URL of the repository. */
  readonly repository: string;
  /** Its pin. Without it somebody could show another repository, and so another change than is signed. */
  readonly trust: string;
}

/**
 * Adds the signatures of the root keys at hand to a proposed root. The result says what changes. Read it: enough
 * signatures decide which keys devices trust.
 *
 * @throws NearsideError `file-missing`, `version-conflict`, `key-locked`, `key-unusable`, or a trust code when the
 *   repository or its pin does not verify
 * @throws TypeError when `trust` is no pin
 */
export async function signRoot({
  file,
  repository,
  trust,
  ...keySource
}: SignRootOptions): Promise<RootProposal> {
  const expected = await parseTrust(trust);
  const { pin, trusted } = await requireRepository(openRepository(repository), repository);
  requirePin(pin, expected);
  const proposal = await readProposal(file);
  requireNext(file, proposal, trusted.root);
  const held = await readHeldKeys(keySource, ['root']);
  if (held.length === 0) throw noKey('root', keySource);
  const bytes = signWithHeld(proposal, { before: trusted.root, after: proposal.signed, held });
  return writeProposal(file, bytes, trusted.root);
}
