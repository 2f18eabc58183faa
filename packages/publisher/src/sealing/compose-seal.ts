import { integrityOf, LAYOUT_FILE, type Seal, sealPath, writeSeal } from '@nearside/artifact';
import { sha256Hex } from '../files/digests.js';
import { requirementsOf } from '../packing/requirements-of.js';
import { type PackedVersion, readPackedChunks } from '../repository/reading/packed-version.js';
import {
  firstFiles,
  fitsFirstRequest,
  MAX_FIRST_GZIP_BYTES,
} from '../repository/writing/first-request.js';

export interface ComposedSeal {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  readonly integrity: string;
  /** Its place in the folder. */
  readonly path: string;
}

/**
 * Composes the seal of a packed version: the digests of all its files and, within the size of a first answer, the
 * small chunks that devices read before the weights. The same version gives the same bytes.
 */
export async function composeSeal(packed: PackedVersion): Promise<ComposedSeal> {
  const { spec, release, layout, digests } = packed;
  const seal: Seal = {
    format: 1,
    model: release.model,
    version: release.version,
    requires: requirementsOf(spec),
    ...(layout.onnxRuntime && { onnxRuntime: layout.onnxRuntime }),
    files: Object.fromEntries(digests),
    inline: {},
  };
  let bytes = writeSeal(seal);
  for await (const chunk of firstChunks(packed)) {
    const inline = { ...seal.inline, [sha256Hex(chunk)]: Buffer.from(chunk).toString('base64') };
    const tried = writeSeal({ ...seal, inline });
    if (!fitsFirstRequest(tried)) continue;
    seal.inline = inline;
    bytes = tried;
  }
  const sha256 = sha256Hex(bytes);
  return { bytes, sha256, integrity: integrityOf(sha256), path: sealPath(sha256) };
}

/**
 * Reads the chunks of small files. A seal is JSON, so it has them in base64, where none is smaller than in gzip: one whose
 * gzip is too large for a first answer need not be tried.
 */
async function* firstChunks({ path, spec, golden, layout, layoutBytes }: PackedVersion) {
  yield layoutBytes;
  for (const name of firstFiles(spec, golden)) {
    if (name === LAYOUT_FILE) continue;
    for await (const { chunk, bytes } of readPackedChunks(path, name, layout)) {
      if ((chunk[2] ?? chunk[1]) <= MAX_FIRST_GZIP_BYTES) yield bytes;
    }
  }
}
