import { integrityOf, LAYOUT_FILE, type Seal, sealPath, writeSeal } from '@nearside/artifact';
import { sha256Hex } from '../files/digests.js';
import { type PackedFiles, readPackedChunks } from '../repository/reading/packed-version.js';
import { fitsFirstRequest, MAX_FIRST_GZIP_BYTES } from '../repository/writing/first-request.js';

export interface ComposedSeal {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sha256: string;
  readonly integrity: string;
  /** Its place in the folder. */
  readonly path: string;
}

/**
 * Composes a seal: the digests of all files and, within the size of a first answer, the small chunks of those that devices
 * read first. The same version gives the same bytes.
 */
export async function composeSeal(
  packed: PackedFiles,
  { requires, first }: { readonly requires: Seal['requires']; readonly first: readonly string[] },
): Promise<ComposedSeal> {
  const { release, layout, digests } = packed;
  const seal: Seal = {
    format: 1,
    model: release.model,
    version: release.version,
    requires,
    ...(layout.onnxRuntime && { onnxRuntime: layout.onnxRuntime }),
    files: Object.fromEntries(digests),
    inline: {},
  };
  let bytes = writeSeal(seal);
  for await (const chunk of firstChunks(packed, first)) {
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
async function* firstChunks({ path, layout, layoutBytes }: PackedFiles, first: readonly string[]) {
  yield layoutBytes;
  for (const name of first) {
    if (name === LAYOUT_FILE) continue;
    for await (const { chunk, bytes } of readPackedChunks(path, name, layout)) {
      if ((chunk[2] ?? chunk[1]) <= MAX_FIRST_GZIP_BYTES) yield bytes;
    }
  }
}
