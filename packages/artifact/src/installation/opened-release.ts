import type { Assignment } from '../assignment.js';
import type { ModelVersion, VersionFiles } from '../model-version.js';
import type { Manifest } from '../oms/verify-bundle.js';
import type { StoredChunk } from './version-records.js';

/** A version whose bundle or seal is verified and whose files can be read; weights may still be on the network. */
export interface OpenedRelease extends ModelVersion {
  readonly origin: 'store' | 'network';
  /** The side of a rollout that this install is on, as reports name it; undefined where there is none. */
  readonly assignment: Assignment | undefined;
  /** True if its ONNX variants need no more of the runtime than most models do, as its publisher has found. */
  readonly isCommon: boolean;
  /** The signed bundle, or the seal. */
  readonly bundle: Uint8Array<ArrayBuffer>;
  /** Backends that have proven it on this device before; see `activate`. */
  readonly provenBy: readonly string[];
}

/** As much of a version as its files need. */
export interface ReadableRelease extends VersionFiles, Pick<OpenedRelease, 'bundle'> {}

/**
 * Lists the chunks that are read before the layout names all chunks. A file that describes a version is mostly one
 * chunk, named by the file's digest.
 */
export function describingChunks({ files }: Manifest): StoredChunk[] {
  return ['layout.json', 'model.json', 'golden.json'].flatMap((name) => {
    const sha256 = files.get(name);
    return sha256 === undefined ? [] : [[sha256, 0] as const];
  });
}
