import { type RepositorySource, releasesOf } from '@nearside/artifact';
import type { ModelSpec } from '@nearside/core';
import { PublisherError } from '../../errors/publisher-error.js';
import { ifUsable, type RepositoryState } from '../reading/read-repository.js';
import { readSpec, requireVersion } from '../reading/read-version.js';
import { compareSchemas, describeSchemaChange } from './compare-schemas.js';

/**
 * Refuses a version that breaks callers of the newest published one. Only a new major version may (Semantic
 * Versioning 2.0.0, section 8).
 *
 * @throws NearsideError `schema-breaking`, with every change in `details`
 */
export async function checkSchema(
  source: RepositorySource,
  { trusted }: RepositoryState,
  spec: ModelSpec,
): Promise<void> {
  const releases = trusted.targets ? releasesOf(trusted.targets.signed, spec.name) : [];
  const offered = releases.filter(({ state }) => state !== 'revoked');
  for (const newest of offered) {
    if (majorOf(spec.version) > majorOf(newest.version)) return;
    // No device runs a version whose model key root no longer names.
    const published = await ifUsable(
      async () => readSpec(source, await requireVersion(source, trusted.root, newest)),
      'model-key-unknown',
    );
    if (published) return requireFits(spec, published);
  }
}

function requireFits(spec: ModelSpec, published: ModelSpec): void {
  const changes = compareSchemas(published, spec).filter(({ breaking }) => breaking);
  if (changes.length === 0) return;
  const major = majorOf(published.version) + 1;
  throw new PublisherError(
    'schema-breaking',
    `${spec.name} ${spec.version}: expected inputs and outputs that fit callers of ` +
      `${published.version}, got ${changes.map(describeSchemaChange).join('; ')}. Publish it as ` +
      `version ${major}.0.0, or keep the schema.`,
    { details: { model: spec.name, version: spec.version, published: published.version, changes } },
  );
}

function majorOf(version: string): number {
  return Number(version.split('.', 1)[0]);
}
