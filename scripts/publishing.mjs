import { readFile } from 'node:fs/promises';
import { root } from './root.mjs';

/** In the order in which they are published: each after what it depends on. */
export const PACKAGES = [
  'core',
  'artifact',
  'pipeline',
  'publisher',
  'nearside',
  'collector',
  'models',
];

/**
 * What is published with every package: `publishing` of package.json. NEARSIDE_REPOSITORY names the repository where that
 * is empty, as the workflows do: they know where they run.
 *
 * @returns {Promise<{ repository: string | null, keywords: Record<string, string[]> }>}
 */
export async function readPublishing() {
  const { publishing } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  return { ...publishing, repository: repositoryOf(publishing) };
}

/** @param {{ repository: string | null }} publishing */
export function repositoryOf({ repository }) {
  const address = repository ?? (process.env.NEARSIDE_REPOSITORY || null);
  if (address === null || /^https:\/\/[^/]+\/.*[^/]$/.test(address)) return address;
  throw new Error(
    `expected the repository as https://host/owner/name, without a slash at its end; got ${address}`,
  );
}
