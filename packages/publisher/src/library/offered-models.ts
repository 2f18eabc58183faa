import { parseModelAddress } from '@nearside/artifact';
import { addressBelowPublic } from '../reference/page-address.js';
import {
  openDirectorySource,
  openRepository,
  requireRepository,
} from '../repository/reading/open-repository.js';
import { readableReleases } from '../repository/reading/read-repository.js';
import { firstVisitsUntil } from '../signing/lifetimes.js';

export interface OfferedModels {
  readonly models: readonly OfferedModel[];
  /** Until then devices without a copy can open it. */
  readonly firstVisitsUntil: string;
}

export interface OfferedModel {
  readonly name: string;
  /** The line of code that opens it. */
  readonly open: string;
}

/**
 * Lists the models that devices may open in a repository.
 *
 * @param baseUrl its address on the web
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
    models: names.map((name) => ({ name, open: openLine(`${baseUrl}/${name}`, pin) })),
    firstVisitsUntil: firstVisitsUntil(trusted),
  };
}

/** Stands for the repository's address until somebody says it. */
const UNKNOWN_BASE = '<base-url>';

/** @returns the line of code that opens a model */
export function openLine(url: string, pin: string): string {
  return `open('${url}', { trust: '${pin}' })`;
}

/**
 * @param baseUrl address of the repository; by default that of its directory below `public/`
 * @throws TypeError when a device would not accept `baseUrl`
 */
export function modelUrl(
  model: string,
  { baseUrl, repository }: { baseUrl: string | undefined; repository: string },
): string {
  const base = baseUrl?.replace(/\/+$/, '') ?? addressBelowPublic(repository) ?? UNKNOWN_BASE;
  const url = `${base}/${model}`;
  if (baseUrl !== undefined) parseModelAddress(url);
  return url;
}

export interface PinOptions {
  /** Directory or URL of a repository. A pin from a URL is only as safe as that connection. */
  readonly repository: string;
}

/**
 * Reads the pin of a repository, for the option `trust` of `open`.
 *
 * @throws NearsideError `file-missing`, a network code, or a trust code when it does not verify
 */
export async function pin({ repository }: PinOptions): Promise<string> {
  const state = await requireRepository(openRepository(repository), repository);
  return state.pin;
}
