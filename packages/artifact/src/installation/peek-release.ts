import type { BootFile } from '../network/boot-file.js';
import type { ReleaseCustom } from '../release.js';

/**
 * Reads the newest version of a model from targets metadata that nobody has verified. This is a hint of which worker
 * to start, and never trusted. Unreadable metadata gives no hint.
 */

/** The fields that are there; runtimes always are. */
export type ReleaseHint = Partial<ReleaseCustom> & Pick<ReleaseCustom, 'requires'>;

/** @param metadata the value that the store has at `metadataKey` */
export function newestInStore(metadata: unknown, model: string): ReleaseHint | undefined {
  return readOrNothing(() =>
    newestIn(decode((metadata as { targets: Uint8Array }).targets), model),
  );
}

export function newestInBootFile(raw: Uint8Array, model: string): ReleaseHint | undefined {
  return readOrNothing(() => {
    const { files }: BootFile = JSON.parse(decode(raw));
    const targets = Object.entries(files).find(([path]) => path.endsWith('.targets.json'));
    return targets && newestIn(targets[1], model);
  });
}

interface UnverifiedTargets {
  readonly signed: {
    readonly targets: Record<string, { readonly custom?: Partial<ReleaseCustom> }>;
  };
}

function newestIn(targets: string, model: string): ReleaseHint | undefined {
  const { signed }: UnverifiedTargets = JSON.parse(targets);
  const [newest] = Object.values(signed.targets)
    .map(({ custom }) => custom)
    .filter((release) => release?.model === model && release.state === 'stable')
    .sort((a, b) => Number(b?.sequence) - Number(a?.sequence));
  return Array.isArray(newest?.requires?.runtime) ? (newest as ReleaseHint) : undefined;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function readOrNothing<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
