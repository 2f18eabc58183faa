import type { Release, RepositorySource, Root } from '@nearside/artifact';
import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { readChunkedFile } from './read-chunk.js';
import { readVersion } from './read-version.js';

/**
 * The model.json of a published version, verified.
 *
 * @throws NearsideError a trust code, `file-missing` or a network code
 */
export async function readSpec(
  source: RepositorySource,
  root: Root,
  release: Release,
): Promise<ModelSpec> {
  const version = await readVersion(source, root, release);
  if (!version.ok) throw version.problem;
  const chunks = version.files.get('model.json') ?? [];
  const bytes = await readChunkedFile(source, chunks, 'model.json');
  return parseModelSpec(JSON.parse(new TextDecoder().decode(bytes)));
}
