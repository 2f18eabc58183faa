import {
  type Chunk,
  type Golden,
  type Layout,
  type ModelSpec,
  NearsideError,
  parseLayout,
} from '@nearside/core';
import { LIMITS } from './limits.js';
import type { Manifest } from './oms/verify-bundle.js';
import { parseJson } from './parse-json.js';
import { requireSafeName } from './repository-paths.js';
import { variantFiles } from './variant-files.js';

/** No layout lists this file of a version. It is one chunk. */
export const LAYOUT_FILE = 'layout.json';

/**
 * Parses the layout of a version.
 *
 * @param bytes verified
 * @throws NearsideError `metadata-malformed` or `name-unsafe`
 */
export function parseVersionLayout(bytes: Uint8Array): Layout {
  const value = parseJson(bytes, { code: 'metadata-malformed', what: LAYOUT_FILE });
  for (const name of Object.keys((value as Partial<Layout> | null)?.files ?? {})) {
    requireSafeName(name, LAYOUT_FILE);
  }
  return parseLayout(value);
}

/** @throws NearsideError `bundle-mismatch` when the bundle signs no layout */
export function digestOfLayout(manifest: Manifest): string {
  const sha256 = manifest.files.get(LAYOUT_FILE);
  if (!sha256) throw missingFile(manifest, LAYOUT_FILE);
  return sha256;
}

/**
 * @returns the slices of a file. If it is one slice, layout and manifest must give it the same digest; if not,
 *   {@link requireWhole} checks the slices together against the manifest's digest
 *
 * @throws NearsideError `bundle-mismatch`
 */
export function chunksOf(layout: Layout, manifest: Manifest, name: string): readonly Chunk[] {
  const signed = manifest.files.get(name);
  const slices = Object.hasOwn(layout.files, name) ? layout.files[name] : undefined;
  if (!signed || !slices) throw missingFile(manifest, name);
  if (slices.length === 1 && slices[0]?.[0] !== signed) {
    throw new NearsideError(
      'bundle-mismatch',
      `${name}: expected layout.json and the signed bundle to agree on its digest, got ` +
        `${slices[0]?.[0]} and ${signed}.`,
      { details: { file: name } },
    );
  }
  return slices;
}

/**
 * Checks that the slices together are the file that the manifest signs. Other tools that verify the bundle know the
 * file's digest alone, and must see the file that devices run.
 *
 * @param got SHA-256 of the slices, verified one by one, in order
 * @throws NearsideError `bundle-mismatch`
 */
export function requireWhole(got: string, { files }: Manifest, name: string): void {
  const expected = files.get(name);
  if (got === expected) return;
  throw new NearsideError(
    'bundle-mismatch',
    `${name}: expected its chunks to make the file that the bundle signs, SHA-256 ${expected}, got ` +
      `${got}. The publisher has to publish a new version.`,
    { details: { file: name, expected, got } },
  );
}

/**
 * Checks the size of a file that is read before anything else of the version is known.
 *
 * @throws NearsideError `metadata-too-large`
 */
export function requireDescribing(slices: readonly Chunk[], name: string): void {
  const got = sizeOf(slices);
  const limit = LIMITS.describingBytes;
  if (got <= limit) return;
  throw new NearsideError(
    'metadata-too-large',
    `${name}: expected at most ${limit} bytes, got a layout.json that gives it ${got}.`,
    { details: { file: name, limit, got } },
  );
}

/**
 * Checks that no variant is larger than its chunks by more than the model takes in memory. A bundle gives no sizes. A
 * chunk that a layout repeats costs its server nothing, and the device its size each time. Honest files repeat little
 * but zeros.
 *
 * @throws NearsideError `bundle-mismatch`
 */
export function requireFewRepeats({ files }: Layout, spec: ModelSpec, golden: Golden): void {
  const { memoryBytes } = spec.limits;
  for (const variant of spec.variants) {
    const names = variantFiles(spec, variant, golden).filter((name) => Object.hasOwn(files, name));
    const chunks = names.flatMap((name) => files[name] ?? []);
    const distinct = [...new Map(chunks.map((chunk) => [chunk[0], chunk])).values()];
    const repeatedBytes = sizeOf(chunks) - sizeOf(distinct);
    if (repeatedBytes <= memoryBytes) continue;
    throw new NearsideError(
      'bundle-mismatch',
      `layout.json, variant '${variant.name}': expected chunks that repeat to add at most ` +
        `${memoryBytes} bytes, as much as the model takes in memory, got ${repeatedBytes}. If they ` +
        'are meant, the publisher has to raise `limits.memoryBytes` in model.json.',
      { details: { variant: variant.name, memoryBytes, repeatedBytes } },
    );
  }
}

function sizeOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0);
}

function missingFile({ release }: Manifest, name: string): NearsideError {
  return new NearsideError(
    'bundle-mismatch',
    `Expected ${release.model} ${release.version} to contain '${name}', got a version without it.`,
    { details: { ...release, file: name } },
  );
}
