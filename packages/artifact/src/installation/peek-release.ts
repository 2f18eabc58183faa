import type { BootFile } from '../network/boot-file.js';
import type { ReleaseCustom } from '../release.js';

/**
 * A version's needs, from targets metadata or a seal that nobody has verified. They hint which worker to start, and are
 * never trusted. Runtimes are always there; another field may be missing. Unreadable bytes give no hint.
 */
type ReleaseHint = Partial<ReleaseCustom> & Pick<ReleaseCustom, 'requires'>;

/** @param stored the value that the store has for a repository's metadata, or for a sealed version */
export function hintInStore(stored: unknown, model: string): ReleaseHint | undefined {
  return readOrNothing(() => {
    const { bundle, targets } = stored as { bundle?: Uint8Array; targets?: Uint8Array };
    return hintIn(decode(bundle ?? targets), model);
  });
}

/** @param raw a boot file or a seal */
export function hintInAnswer(raw: Uint8Array, model: string): ReleaseHint | undefined {
  return readOrNothing(() => {
    const text = decode(raw);
    const { files }: BootFile = JSON.parse(text);
    const targets = Object.entries(files).find(([path]) => path.endsWith('.targets.json'));
    return hintIn(targets ? targets[1] : text, model);
  });
}

/** A seal says itself what its version needs. */
interface Unverified extends Partial<ReleaseHint> {
  readonly signed?: {
    readonly targets: Record<string, { readonly custom?: Partial<ReleaseCustom> }>;
  };
}

function hintIn(text: string, model: string): ReleaseHint | undefined {
  const said: Unverified = JSON.parse(text);
  const newest = said.signed ? newestOf(said.signed, model) : said;
  return Array.isArray(newest?.requires?.runtime) ? (newest as ReleaseHint) : undefined;
}

function newestOf({ targets }: Required<Unverified>['signed'], model: string) {
  const [newest] = Object.values(targets)
    .map(({ custom }) => custom)
    .filter((release) => release?.model === model && release.state === 'stable')
    .sort((a, b) => Number(b?.sequence) - Number(a?.sequence));
  return newest;
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
