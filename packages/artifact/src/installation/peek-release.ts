import type { BootFile } from '../network/boot-file.js';
import type { ReleaseCustom } from '../release.js';

/**
 * Reads what a version needs, from targets metadata or a seal that nobody has verified. This is a hint of which worker to
 * start, and never trusted. What is unreadable gives no hint.
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

/** @param raw the bytes of a seal, if there are any */
export function hintInSeal(raw: Uint8Array | undefined): ReleaseHint | undefined {
  return readOrNothing(() => withRuntimes(JSON.parse(decode(raw))));
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
  return withRuntimes(newest);
}

function withRuntimes(said: Partial<ReleaseHint> | undefined): ReleaseHint | undefined {
  return Array.isArray(said?.requires?.runtime) ? (said as ReleaseHint) : undefined;
}

function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

function readOrNothing<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
