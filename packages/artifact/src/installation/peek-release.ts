import type { BootFile } from '../network/boot-file.js';
import type { ReleaseCustom } from '../release.js';

/**
 * A version's needs, from targets metadata or a seal that nobody has verified. They hint which worker to start, and are
 * never trusted. Runtimes are always there; another field may be missing. Unreadable bytes give no hint.
 */
type ReleaseHint = Partial<ReleaseCustom> & Pick<ReleaseCustom, 'requires'>;

/** A version's own words in a seal, or in targets metadata: as that is, or in a boot file. */
interface Unverified extends Partial<ReleaseHint> {
  readonly files?: BootFile['files'];
  readonly signed?: {
    readonly targets: Record<string, { readonly custom?: Partial<ReleaseCustom> }>;
  };
}

/** @param bytes of a boot file, of targets metadata, or of a seal */
export function readHint(bytes: Uint8Array | undefined, model: string): ReleaseHint | undefined {
  try {
    const read = (text: string): Unverified => JSON.parse(text);
    const answer = read(new TextDecoder().decode(bytes));
    const files = Object.entries(answer.files ?? {});
    const targets = files.find(([path]) => path.endsWith('.targets.json'));
    const said = targets ? read(targets[1]) : answer;
    const newest = said.signed ? newestOf(said.signed, model) : said;
    return Array.isArray(newest?.requires?.runtime) ? (newest as ReleaseHint) : undefined;
  } catch {
    return undefined;
  }
}

function newestOf({ targets }: Required<Unverified>['signed'], model: string) {
  const [newest] = Object.values(targets)
    .map(({ custom }) => custom)
    .filter((release) => release?.model === model && release.state === 'stable')
    .sort((a, b) => Number(b?.sequence) - Number(a?.sequence));
  return newest;
}
