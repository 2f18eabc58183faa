import { canonicalJson } from '../canonical-json.js';
import { integrityOf } from '../integrity.js';
import { sealPath } from '../repository-paths.js';
import type { Seal } from '../seal.js';
import { sha256Hex } from '../sha256.js';
import { addFiles, type LayoutFiles } from './sign-repository.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** The sealed folder of the model `tiny`, in memory. */
export interface SealedFolder {
  /** After each sealing: path below the repository → bytes. */
  readonly generations: readonly ReadonlyMap<string, Bytes>[];
  /** SHA-256 in hex of each seal. */
  readonly seals: readonly string[];
}

/**
 * Seals releases 1.0.0, 1.1.0, …, of which each seal holds the chunks of all small files.
 *
 * @param releases the weights of each, in chunks
 * @param changeSeal makes a seal differ from what a publisher writes
 */
export async function sealFolder(
  releases: readonly (readonly Bytes[])[],
  {
    changeLayout = () => {},
    changeSeal = (seal) => seal,
  }: {
    changeLayout?: (files: LayoutFiles) => void;
    changeSeal?: (seal: Seal) => object;
  } = {},
): Promise<SealedFolder> {
  const files = new Map<string, Bytes>();
  const generations: ReadonlyMap<string, Bytes>[] = [];
  const seals: string[] = [];
  const listed: { version: string; integrity: string }[] = [];
  for (const [i, weights] of releases.entries()) {
    const release = { model: 'tiny', version: `1.${i}.0`, sequence: 1 };
    const added = new Map<string, Bytes>();
    const digests = await addFiles(added, { release, weights, changeLayout });
    const small = [...added].filter(([, chunk]) => !weights.includes(chunk));
    const seal: Seal = {
      format: 1,
      model: release.model,
      version: release.version,
      requires: { format: 1, runtime: ['onnx'] },
      files: Object.fromEntries(digests),
      inline: Object.fromEntries(
        small.map(([path, chunk]) => [path.slice('chunks/'.length), toBase64(chunk)]),
      ),
    };
    const bytes = utf8(canonicalJson(changeSeal(seal)));
    const sha256 = await sha256Hex(bytes);
    seals.push(sha256);
    listed.push({ version: release.version, integrity: integrityOf(sha256) });
    for (const [path, chunk] of added) files.set(`tiny/${path}`, chunk);
    files.set(`tiny/${sealPath(sha256)}`, bytes);
    const index = { format: 1, latest: integrityOf(sha256), seals: listed };
    files.set('tiny/nearside.json', utf8(JSON.stringify(index)));
    generations.push(new Map(files));
  }
  return { generations, seals };
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}
