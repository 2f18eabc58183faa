import { joinChunks, type VerifiedFile } from '../chunked-file.js';
import { openVersionFiles, type ReadFileOptions } from '../model-version.js';
import type { VerifiedBytes } from '../verified-bytes.js';
import { readForAllTabs } from './model-on-device.js';
import type { ReadableRelease } from './opened-release.js';
import {
  activate,
  openChunks,
  openFolder,
  type SealedOptions,
  takeSeal,
} from './sealed-installation.js';

/** A sealed folder, whatever its files are. */
export interface SealedFiles {
  /** @returns bytes of a file, or undefined where the folder was sealed without it */
  sizeOf(name: string): number | undefined;
  /**
   * Reads a file: from the store, else fetched, on from where it broke off and once for all tabs. Each byte is verified at each read.
   *
   * @throws NearsideError trust, network and store codes
   */
  read(name: string): Promise<VerifiedBytes>;
}

/** Opens a folder by the hash of its seal. Of its versions the store keeps this one and the one before. */
export async function openSealedFiles(
  options: Omit<SealedOptions, 'support' | 'onEvent'>,
): Promise<SealedFiles> {
  const support = { runtimes: [], features: [] };
  const model = await openFolder({ ...options, support, onEvent: () => {} });
  const { bundle, record, read } = await takeSeal(model);
  const chunks = await openChunks(model, { bundle, read });
  const files = await openVersionFiles(read.manifest, chunks, { whole: record?.whole });
  const version: ReadableRelease = { ...files, bundle };
  if (record?.state !== 'proven') await activate(model, version, 'files');
  const { layout } = files;
  const marked = new Set(record?.chunks.map(([sha256]) => sha256));
  /** Then nothing is written, nor is another tab waited for. */
  const isHere = async (names: string[]) =>
    files.chunksOf(names).every(([sha256]) => marked.has(sha256)) &&
    (await files.missingBytes(names)) === 0;
  return {
    sizeOf(name) {
      if (!Object.hasOwn(layout.files, name)) return undefined;
      return layout.files[name]?.reduce((sum, [, sizeBytes]) => sum + sizeBytes, 0);
    },
    async read(name) {
      const names = [name];
      const read = (options?: ReadFileOptions) => files.readFiles(names, options);
      const known = files.wholeFiles().names.length;
      const found = (await isHere(names))
        ? await read()
        : await readForAllTabs(model, version, names, { read });
      const whole = files.wholeFiles();
      if (whole.names.length > known) {
        await model.ledger.remember({ release: files.release, bundle, chunks: [], whole });
      }
      return joinChunks(found.get(name) as VerifiedFile);
    },
  };
}
