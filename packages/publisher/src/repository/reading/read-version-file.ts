import { chunksOf, parseJson, type RepositorySource, requireSameRelease } from '@nearside/artifact';
import {
  type Baseline,
  type Golden,
  type ModelSpec,
  parseBaseline,
  parseGolden,
  parseModelSpec,
} from '@nearside/core';
import { readChunkFile } from './read-chunk-file.js';
import type { VerifiedVersion } from './read-version.js';

/**
 * The model.json of a published version, as devices parse it.
 *
 * @throws NearsideError a trust code, `file-missing` or a network code
 */
export async function readSpec(
  source: RepositorySource,
  version: VerifiedVersion,
): Promise<ModelSpec> {
  const spec = parseModelSpec(await readJson(source, version, 'model.json'));
  return requireSameRelease(spec, version.manifest.release);
}

/** Its golden.json. Throws as {@link readSpec}. */
export async function readGolden(
  source: RepositorySource,
  version: VerifiedVersion,
): Promise<Golden> {
  return parseGolden(await readJson(source, version, 'golden.json'));
}

/** Its baseline.json. Throws as {@link readSpec}. */
export async function readBaseline(
  source: RepositorySource,
  version: VerifiedVersion,
): Promise<Baseline> {
  return parseBaseline(await readJson(source, version, 'baseline.json'));
}

async function readJson(
  source: RepositorySource,
  { layout, manifest }: VerifiedVersion,
  name: string,
): Promise<unknown> {
  const parts: Uint8Array[] = [];
  for (const chunk of chunksOf(layout, manifest, name)) {
    parts.push((await readChunkFile(source, chunk, name)).content);
  }
  return parseJson(Buffer.concat(parts), { code: 'metadata-malformed', what: name });
}
