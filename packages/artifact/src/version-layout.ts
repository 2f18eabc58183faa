import { type Chunk, type Layout, NearsideError, parseLayout } from '@nearside/core';
import type { Manifest } from './oms/verify-bundle.js';
import { parseJson } from './parse-json.js';
import { requireSafeName } from './safe-name.js';

/** The one file of a version that no layout lists; it is one chunk. */
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
 * The slices of a file. Layout and manifest are signed together; where a file is one slice, their
 * digests must be the same, and where it is many, each slice's digest is what is checked.
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

function missingFile({ release }: Manifest, name: string): NearsideError {
  return new NearsideError(
    'bundle-mismatch',
    `Expected ${release.model} ${release.version} to contain '${name}', got a version without it.`,
    { details: { ...release, file: name } },
  );
}
