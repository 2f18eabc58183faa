import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LAYOUT_FILE, parseModelAddress } from '@nearside/artifact';
import { isNearsideError, NearsideError } from '@nearside/core';
import { isDirectory, isFile } from '../files/stat-path.js';
import { addressBelowPublic } from '../reference/page-address.js';
import { quote } from '../reference/reference-types.js';
import {
  openDirectorySource,
  openRepository,
  requireRepository,
} from '../repository/reading/open-repository.js';
import { readableReleases } from '../repository/reading/read-repository.js';
import { INDEX_FILE } from '../sealing/seal-index.js';
import { sealedLine } from '../sealing/sealed-address.js';
import { sealedModels } from '../sealing/sealed-models.js';
import { firstVisitsUntil } from '../signing/lifetimes.js';

export interface OfferedModels {
  /** Sealed ones first. */
  readonly models: readonly OfferedModel[];
  /** Until then devices without a copy can open a signed one. */
  readonly firstVisitsUntil?: string | undefined;
  /** Why devices open no signed model. */
  readonly problem?: string | undefined;
}

export interface OfferedModel {
  readonly name: string;
  /** The line of code that opens it. */
  readonly open: string;
}

/**
 * Lists the models that devices may open in a directory: those that are sealed in its folders, and those of a
 * repository. One that does not verify is a `problem`, so that people can try how devices react.
 *
 * @param baseUrl its address on the web
 * @throws NearsideError `file-missing` where there is neither
 */
export async function offeredModels(
  directory: string,
  { baseUrl }: { baseUrl: string },
): Promise<OfferedModels> {
  const sealed = (await sealedModels(directory)).map(({ model, integrity }) => {
    return { name: model, open: sealedLine(`${baseUrl}/${model}`, integrity) };
  });
  const hasMetadata = await isDirectory(join(directory, 'metadata'));
  if (!hasMetadata && sealed.length === 0) throw await nothingToServe(directory);
  if (!hasMetadata) return { models: sealed };
  try {
    const signed = await signedModels(directory, baseUrl);
    return { ...signed, models: [...sealed, ...signed.models] };
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    return { models: sealed, problem: `${error.code}: ${error.message}` };
  }
}

async function signedModels(repository: string, baseUrl: string) {
  const { pin, trusted } = await requireRepository(openDirectorySource(repository), repository);
  const releases = trusted.targets ? readableReleases(trusted.targets.signed).releases : [];
  const offered = releases.filter(({ state }) => state !== 'revoked');
  const names = [...new Set(offered.map(({ model }) => model))];
  return {
    models: names.map((name) => ({ name, open: openLine(`${baseUrl}/${name}`, pin) })),
    firstVisitsUntil: firstVisitsUntil(trusted),
  };
}

async function nothingToServe(directory: string): Promise<NearsideError> {
  const [got, advice] = await describeOther(directory);
  return new NearsideError(
    'file-missing',
    `${directory}: expected a repository, or a directory with folders of sealed models, got ${got}. ${advice}`,
    { details: { directory } },
  );
}

async function describeOther(directory: string): Promise<readonly [got: string, advice: string]> {
  const holds = (name: string) => isFile(join(directory, name));
  if (await holds(LAYOUT_FILE)) {
    return [
      'what `nearside pack` wrote',
      `\`nearside publish ${directory} --repo <dir>\` makes a repository of it.`,
    ];
  }
  if (await holds(INDEX_FILE)) {
    return ['the folder of one', `Serve the directory above it: ${dirname(resolve(directory))}.`];
  }
  const below = await findBelow(directory);
  if (below !== undefined) return ['a directory above such a one', `Serve that: ${below}.`];
  return ['neither', '`nearside publish` and `nearside seal` write them.'];
}

async function findBelow(directory: string): Promise<string | undefined> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((one) => one.isDirectory())) {
    const folder = join(directory, entry.name);
    const isRepository = await isDirectory(join(folder, 'metadata'));
    if (isRepository || (await sealedModels(folder)).length > 0) return folder;
  }
  return undefined;
}

/** Stands for the repository's address until somebody says it. */
const UNKNOWN_BASE = '<base-url>';

/** @returns the line of code that opens a model */
export function openLine(url: string, pin: string): string {
  return `open(${quote(url)}, { trust: '${pin}' })`;
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
