import { parseModelAddress } from '@nearside/artifact';
import {
  openDirectorySource,
  openRepository,
  requireRepository,
} from '../repository/reading/open-repository.js';
import { readableReleases } from '../repository/reading/read-repository.js';
import { firstVisitsUntil } from '../signing/lifetimes.js';

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

/** Stands for the address a repository will be served at, while nobody has said it. */
const UNKNOWN_BASE = '<base-url>';

/**
 * The line of code that opens a model.
 *
 * @throws TypeError when the address is none that a device would accept
 */
export function openLine(
  model: string,
  { baseUrl, pin }: { baseUrl: string | undefined; pin: string },
): string {
  return `open('${modelUrl(model, baseUrl)}', { trust: '${pin}' })`;
}

/** @throws TypeError as above */
export function modelUrl(model: string, baseUrl: string | undefined): string {
  const url = `${baseUrl?.replace(/\/+$/, '') ?? UNKNOWN_BASE}/${model}`;
  if (baseUrl !== undefined) parseModelAddress(url);
  return url;
}

export interface PinOptions {
  /** Directory or URL of a repository. A pin read from a URL is as good as that connection. */
  readonly repository: string;
}

/**
 * The pin of a repository: what `open` takes as `trust`.
 *
 * @throws NearsideError `file-missing`, a network code, or a trust code when it does not verify
 */
export async function pin({ repository }: PinOptions): Promise<string> {
  const state = await requireRepository(openRepository(repository), repository);
  return state.pin;
}
