import { openDirectorySource, requireRepository } from '../repository/reading/open-repository.js';
import { readableReleases } from '../repository/reading/read-repository.js';
import { firstVisitsUntil } from '../signing/lifetimes.js';
import { openLine } from './open-line.js';

export interface OfferedModels {
  readonly models: readonly OfferedModel[];
  /** Until then devices that have no copy yet are let in. */
  readonly firstVisitsUntil: string;
}

export interface OfferedModel {
  readonly name: string;
  /** The line of code that opens it. */
  readonly open: string;
}

/**
 * What devices may open of a repository.
 *
 * @param baseUrl where it is served
 * @throws NearsideError `file-missing` where there is no repository, or a trust code when it does not verify
 */
export async function offeredModels(
  repository: string,
  { baseUrl }: { baseUrl: string },
): Promise<OfferedModels> {
  const { pin, trusted } = await requireRepository(openDirectorySource(repository), repository);
  const releases = trusted.targets ? readableReleases(trusted.targets.signed).releases : [];
  const offered = releases.filter(({ state }) => state !== 'revoked');
  const names = [...new Set(offered.map(({ model }) => model))];
  return {
    models: names.map((name) => ({ name, open: openLine(name, { baseUrl, pin }) })),
    firstVisitsUntil: firstVisitsUntil(trusted),
  };
}
