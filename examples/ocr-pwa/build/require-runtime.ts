import { createRequire } from 'node:module';

interface RuntimeFile {
  readonly name: string;
  /** Missing for a file that any of them may need. */
  readonly backend?: string;
  /** Of the package, where only those who import it need the file. */
  readonly entry?: string;
  readonly bytes: number;
}

/** As workbox lists a file. */
interface PrecacheEntry {
  readonly url: string;
  /** Bytes. */
  readonly size: number;
}

const require = createRequire(import.meta.url);
const { files }: { files: readonly RuntimeFile[] } = require('nearside/assets.json');
const ofRuntime = files.filter(({ entry }) => entry === undefined);

/**
 * Fails the build unless the precache has every runtime file of these backends, byte for byte as long as the
 * library lists it, and none of the others.
 */
export function requireRuntimeOf(backends: readonly string[]) {
  return <Entry extends PrecacheEntry>(manifest: Entry[]): { manifest: Entry[] } => {
    for (const { name, backend, bytes } of ofRuntime) {
      const isWanted = backend === undefined || backends.includes(backend);
      const isThere = manifest.some(({ url, size }) => isCopyOf(name, url) && size === bytes);
      if (isWanted && !isThere) throw new Error(`The precache lacks ${name}.`);
      if (!isWanted && isThere) throw new Error(`The precache has ${name}, of ${backend}.`);
    }
    return { manifest };
  };
}

/** The bundler puts a hash of the content before the ending. */
function isCopyOf(name: string, url: string): boolean {
  const dot = name.lastIndexOf('.');
  const built = url.slice(url.lastIndexOf('/') + 1);
  return built.startsWith(`${name.slice(0, dot)}-`) && built.endsWith(name.slice(dot));
}
