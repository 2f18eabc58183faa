import { join } from 'node:path';
import { sessionFiles, sum, type Variant } from '@nearside/core';
import { filesDigest } from '../../files/digests.js';
import { sizeOf } from '../../files/stat-path.js';

/** What a variant weighs, and which files an evaluation is of. */
export interface VariantFiles {
  /** Bytes of its files. */
  readonly sizeBytes: number;
  /** SHA-256 of its files. */
  readonly sha256: string;
}

export async function weighVariant(directory: string, variant: Variant): Promise<VariantFiles> {
  const files = [...new Set(sessionFiles(variant))].sort();
  const paths = files.map((file) => join(directory, file));
  return {
    sizeBytes: sum(await Promise.all(paths.map(sizeOf))),
    sha256: await filesDigest(files.map((file, i) => [file, paths[i] as string])),
  };
}
