import { join } from 'node:path';
import { parseModelSpec, resourceFiles, sessionFiles, sum, type Variant } from '@nearside/core';
import { filesDigest } from '../../files/digests.js';
import { sizeOf } from '../../files/stat-path.js';
import { readJsonFile } from '../../packing/read-json-file.js';

/** The size of a variant, and the files that an evaluation is of. */
export interface VariantFiles {
  /** Bytes of its files. */
  readonly sizeBytes: number;
  /** SHA-256 of all that its answers come from: its files, those of steps, and what model.json says of both. */
  readonly sha256: string;
}

/** @param name of a variant that model.json has */
export async function weighVariant(directory: string, name: string): Promise<VariantFiles> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const variant = spec.variants.find((one) => one.name === name) as Variant;
  const { name: _, version, sequence, $schema, format, ...answering } = spec;
  const { variants, batch, limits, health, ...said } = answering;
  const { ships, memoryBytes, ...own } = variant;
  const files = [...new Set(sessionFiles(variant))].sort();
  const pathOf = (file: string) => join(directory, file);
  const sizes = await Promise.all(files.map((file) => sizeOf(pathOf(file))));
  const all = [...new Set([...files, ...resourceFiles(spec)])];
  return {
    sizeBytes: sum(sizes),
    sha256: await filesDigest([
      ['model.json', Buffer.from(JSON.stringify([said, own]))],
      ...all.map((file) => [file, pathOf(file)] as const),
    ]),
  };
}
