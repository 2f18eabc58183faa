import type { Release, ReleaseCustom } from '@nearside/artifact';
import type { OnProgress } from '../files/slices.js';
import type { KeySource } from '../keys/key-source.js';
import { addressBelowPublic } from '../reference/page-address.js';
import { requireWritableModule, writeReferenceModule } from '../reference/reference-module.js';
import { changeRepository, type LockedRepository } from '../repository/change-repository.js';
import { checkSchema } from '../repository/checking/check-schema.js';
import {
  canaryOut,
  isForEveryone,
  releasesIn,
  shadowOut,
} from '../repository/checking/release-rules.js';
import { findPublished, type PublishedVersion } from '../repository/reading/find-published.js';
import { type PackedVersion, readPackedVersion } from '../repository/reading/packed-version.js';
import {
  type MetadataVersions,
  metadataVersions,
  type RepositoryState,
} from '../repository/reading/read-repository.js';
import { writeChunks } from '../repository/writing/write-chunks.js';
import { checkRelease } from '../signing/check-release.js';
import { firstVisitsUntil } from '../signing/lifetimes.js';
import { basisPoints, offerRelease, percentOf, type Share } from '../signing/offer-release.js';
import { type SignedRelease, signRelease } from '../signing/sign-release.js';
import { requireComparable, requireNoCanary } from './admit-share.js';
import { modelUrl, openLine } from './offered-models.js';

export interface PublishOptions extends KeySource {
  /** Directory that `pack` wrote. */
  readonly packed: string;
  /** Directory of the repository; made when missing. */
  readonly repository: string;
  /** Offers a new version to this share of devices only, in percent; `promote` widens it. */
  readonly canaryPercent?: number | undefined;
  /**
   * Runs a new version beside the one that serves, on this share of devices, in percent. It answers nobody; `promote`
   * makes it a canary.
   */
  readonly shadowPercent?: number | undefined;
  /** Address of the repository on the web, for the `open` line; by default `repository` below `public/`. */
  readonly baseUrl?: string | undefined;
  /** A TypeScript or JavaScript module to write, which exports the model's reference with its types. */
  readonly module?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly now?: () => number;
}

export interface Publication {
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly state: ReleaseCustom['state'];
  /** The share of devices that it is for, if that is not all. */
  readonly rollout?: ReleaseCustom['rollout'];
  readonly pin: string;
  /** SHA-256 of the signed bundle in hex. It names the version in reports. */
  readonly manifestSha256: string;
  /** False if exactly these files were published already. Then nothing was signed. */
  readonly changed: boolean;
  /** True if there was no repository, so this one is new, with a new pin. */
  readonly newRepository: boolean;
  /** What the caller may not expect: a share that had no effect, or a version that is over now. */
  readonly note?: string;
  readonly metadata: MetadataVersions;
  /** Distinct chunks of the version, and those that were not there yet. */
  readonly chunks: number;
  readonly chunksWritten: number;
  /** Files written in all, metadata and boot files included. */
  readonly filesWritten: number;
  readonly bytesWritten: number;
  /** Until then devices without a copy can open it; `renew` extends this. */
  readonly firstVisitsUntil: string;
  /** The line of code that opens the model. */
  readonly open: string;
  /** The module that was written. */
  readonly module?: string | undefined;
}

/**
 * Signs a packed version and adds it to a repository, which is made on first use. Readers may read meanwhile: every
 * file appears whole, and after those it names. Publishing the same again signs nothing, and restores chunks that
 * went missing.
 *
 * @throws NearsideError `canary-out`, `gate-refused` for a shadow that nothing is comparable with, `version-conflict`, `schema-breaking`, `repository-locked`, a key code, a code of
 *   `pack`, or a trust code when the repository does not verify or devices would refuse the release
 * @throws TypeError when devices would not accept `baseUrl`, `module` is no TypeScript or JavaScript, or the version is to
 *   be both canary and shadow
 * @throws RangeError when a share is out of range
 */
export async function publish({
  packed: packedDirectory,
  repository,
  canaryPercent,
  shadowPercent,
  baseUrl,
  module,
  onProgress = () => {},
  now = Date.now,
  ...keySource
}: PublishOptions): Promise<Publication> {
  const packed = await readPackedVersion(packedDirectory);
  const url = modelUrl(packed.release.model, { baseUrl, repository }); // throws before anything is written
  await requireModulePlace({ module, baseUrl, repository });
  const share = shareOf({ canaryPercent, shadowPercent });

  const { result, after, written } = await changeRepository(repository, async (locked) => {
    const { source, before, writer } = locked;
    const published = before && (await findPublished(source, before, packed));
    const { files, ...facts } =
      before && published
        ? alreadyPublished(before, published, { share, repository })
        : await sign(locked, packed, { ...keySource, repository, share, nowMs: now() });
    const chunks = await writeChunks(packed, source, writer, onProgress);
    for (const [path, bytes] of files) await writer.write(path, bytes);
    return {
      ...facts,
      newRepository: before === undefined,
      chunks: chunks.total,
      chunksWritten: chunks.written,
    };
  });
  const { pin: trust } = result;
  if (module !== undefined) {
    await writeReferenceModule(module, { spec: packed.spec, reference: { url, trust } });
  }
  return {
    ...packed.release,
    ...result,
    module,
    filesWritten: written.files,
    bytesWritten: written.sizeBytes,
    firstVisitsUntil: firstVisitsUntil((after as RepositoryState).trusted),
    open: openLine(url, trust),
  };
}

/**
 * Requires that a module can be written, and that the address for it is known.
 *
 * @throws TypeError
 * @throws NearsideError `output-exists`
 */
export async function requireModulePlace({
  module,
  baseUrl,
  repository,
}: Pick<PublishOptions, 'module' | 'baseUrl' | 'repository'>): Promise<void> {
  if (module === undefined) return;
  await requireWritableModule(module);
  if (baseUrl !== undefined || addressBelowPublic(repository) !== undefined) return;
  throw new TypeError(
    'publish: expected `baseUrl` for a `module`, because nothing else says where the repository is on the ' +
      'web: it lies in no `public/`.',
  );
}

function shareOf({
  canaryPercent,
  shadowPercent,
}: Pick<PublishOptions, 'canaryPercent' | 'shadowPercent'>): Share | undefined {
  if (canaryPercent !== undefined && shadowPercent !== undefined) {
    throw new TypeError(
      'publish: expected `canaryPercent` or `shadowPercent`, got both: a canary serves, a shadow never does.',
    );
  }
  const percent = canaryPercent ?? shadowPercent;
  if (percent === undefined) return undefined;
  basisPoints(percent);
  return { state: canaryPercent === undefined ? 'shadow' : 'canary', percent };
}

interface Outcome
  extends Pick<
    Publication,
    'state' | 'rollout' | 'pin' | 'manifestSha256' | 'changed' | 'note' | 'metadata'
  > {
  readonly files: SignedRelease['files'];
}

async function sign(
  { source, before }: LockedRepository,
  packed: PackedVersion,
  {
    repository,
    share,
    nowMs,
    ...keySource
  }: KeySource & {
    readonly repository: string;
    readonly share: Share | undefined;
    readonly nowMs: number;
  },
): Promise<Outcome> {
  const { model, version } = packed.release;
  const releases = before ? releasesIn(before, model) : [];
  if (share) requireNoCanary(releases, { model, version, repository }, WHY_NO_CANARY[share.state]);
  if (share?.state === 'shadow') requireComparable(releases, packed);
  if (before) await checkSchema(source, before, packed.spec);
  const custom = offerRelease(packed, { share, nowMs });
  const signed = await signRelease({ packed, before, custom, nowMs, ...keySource });
  await checkRelease(signed, { packed, before, source, nowMs });
  const { state, rollout } = custom;
  const note =
    share?.state === 'canary' && !releases.some(isForEveryone)
      ? servedByNone(packed.release)
      : endedBy({ version, share }, releases);
  return { ...signed, ...(note !== undefined && { note }), state, rollout, changed: true };
}

const WHY_NO_CANARY = {
  canary: 'a second one would spoil its comparison',
  shadow: 'a shadow would slow one side of its comparison',
} as const;

/** Without a version for all, there is nothing for the devices that are not in the canary. */
function servedByNone({
  model,
  version,
}: {
  readonly model: string;
  readonly version: string;
}): string {
  return (
    `No version of ${model} is for all devices: those outside the canary cannot open it (\`no-version\`), nothing is ` +
    `compared, and autopilot cannot take ${version} back. Publish a first version without \`--canary\`.`
  );
}

/** Says which versions are over, or wait, because of this one. */
function endedBy(
  { version, share }: { readonly version: string; readonly share: Share | undefined },
  releases: readonly Release[],
): string | undefined {
  const canary = canaryOut(releases); // none where there is a share
  const shadow = shadowOut(releases);
  const lines = [];
  if (canary)
    lines.push(`The canary ${canary.version} is over: all devices are offered ${version}.`);
  if (shadow && !share) {
    lines.push(`The shadow ${shadow.version} is over: all devices are offered ${version}.`);
  }
  if (shadow && share?.state === 'shadow') {
    lines.push(`The shadow ${shadow.version} is over: ${version} runs beside instead.`);
  }
  if (shadow && share?.state === 'canary') {
    lines.push(`The shadow ${shadow.version} does not run while this canary is out.`);
  }
  return lines.join(' ') || undefined;
}

function alreadyPublished(
  before: RepositoryState,
  { release, manifest }: PublishedVersion,
  asked: { readonly share: Share | undefined; readonly repository: string },
): Outcome {
  const note = ignoredShare(release, asked);
  return {
    ...(note !== undefined && { note }),
    pin: before.pin,
    state: release.state,
    rollout: release.rollout,
    manifestSha256: manifest.sha256,
    changed: false,
    metadata: metadataVersions(before),
    files: new Map(),
  };
}

/** An offer only widens, by `promote`. */
function ignoredShare(
  release: Release,
  { share, repository }: { readonly share: Share | undefined; readonly repository: string },
): string | undefined {
  const { model, version, state } = release;
  if (!share) return undefined;
  if (state === share.state && percentOf(release) === basisPoints(share.percent) / 100) {
    return undefined;
  }
  const is = state === 'stable' ? state : `a ${state} for ${percentOf(release)} % of devices`;
  const promote = `\`nearside promote ${model} ${version} --repo ${repository} --to`;
  const advice = {
    revoked: '', // it is refused
    stable: 'Offers never narrow: publish a new version.',
    canary: `${promote} PERCENT\` widens it.`,
    shadow: `${promote} 5\` makes it a canary. A shadow on another share is a new version.`,
  }[state];
  return `The share of ${share.percent} % was ignored: ${model} ${version} is ${is} already. ${advice}`;
}
