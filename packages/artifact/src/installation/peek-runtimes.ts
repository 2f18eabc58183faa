import { fromBase64 } from '../base64.js';
import type { BootFile } from '../network/boot-file.js';
import type { ReleaseCustom } from '../release.js';
import { pinPrefix } from '../tuf/pin.js';
import { trustedKey } from '../tuf/stored-metadata.js';

/*
 * Which runtimes the newest version of a model has variants for, read from targets metadata that nobody has
 * verified: a hint of which worker to start, and never trust. What cannot be read gives no hint.
 */

/** Where the store keeps the metadata of a repository, for `peekStore`. */
export function metadataKey(pin: string): string {
  return trustedKey(pinPrefix(pin));
}

/** @param metadata what lies in the store at `metadataKey` */
export function runtimesInStore(metadata: unknown, model: string): readonly string[] | undefined {
  return readOrNothing(() => runtimesIn((metadata as { targets: Uint8Array }).targets, model));
}

export function runtimesInBootFile(raw: Uint8Array, model: string): readonly string[] | undefined {
  return readOrNothing(() => {
    const { files } = readJson<BootFile>(raw);
    const targets = Object.entries(files).find(([path]) => path.endsWith('.targets.json'));
    return targets && runtimesIn(fromBase64(targets[1]), model);
  });
}

interface UnverifiedTargets {
  readonly signed: {
    readonly targets: Record<string, { readonly custom?: Partial<ReleaseCustom> }>;
  };
}

function runtimesIn(targets: Uint8Array, model: string): readonly string[] | undefined {
  const { signed } = readJson<UnverifiedTargets>(targets);
  const [newest] = Object.values(signed.targets)
    .map(({ custom }) => custom)
    .filter((release) => release?.model === model && release.state === 'stable')
    .sort((a, b) => Number(b?.sequence) - Number(a?.sequence));
  const runtimes = newest?.requires?.runtime;
  return Array.isArray(runtimes) && runtimes.length > 0 ? runtimes : undefined;
}

function readJson<Shape>(bytes: Uint8Array): Shape {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function readOrNothing<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
