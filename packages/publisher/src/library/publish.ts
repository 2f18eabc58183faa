import type { Release, ReleaseCustom } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import type { OnProgress } from '../files/slices.js';
import type { KeySource } from '../keys/key-source.js';
import { addressBelowPublic } from '../reference/page-address.js';
import { requireWritableModule, writeReferenceModule } from '../reference/reference-module.js';
import { changeRepository, type LockedRepository } from '../repository/change-repository.js';
import { checkSchema } from '../repository/checking/check-schema.js';
import { canaryOut } from '../repository/checking/release-rules.js';
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
import { basisPoints, offerRelease, percentOf } from '../signing/offer-release.js';
import { type SignedRelease, signRelease } from '../signing/sign-release.js';
import { modelUrl, openLine } from './offered-models.js';

export interface PublishOptions extends KeySource {
  /** Directory that `pack` wrote. */
  readonly packed: string;
  /** Directory of the repository; made when missing. */
  readonly repository: string;
  /** Offers a new version to this share of devices only, in percent; `promote` widens it. */
  readonly canaryPercent?: number | undefined;
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
  /** The share of devices that may run it, if that is not all. */
  readonly rollout?: ReleaseCustom['rollout'];
  readonly pin: string;
  /** SHA-256 of the signed bundle in hex. It names the version in reports. */
  readonly manifestSha256: string;
  /** False if exactly these files were published already. Then nothing was signed. */
  readonly changed: boolean;
  /** What the caller may not expect: a share that had no effect, or a canary that is over now. */
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
 * @throws NearsideError `canary-out`, `version-conflict`, `schema-breaking`, `repository-locked`, a key code, a code of
 *   `pack`, or a trust code when the repository does not verify or devices would refuse the release
 * @throws TypeError when devices would not accept `baseUrl`, or `module` is no TypeScript or JavaScript
 * @throws RangeError when `canaryPercent` is out of range
 */
export async function publish({
  packed: packedDirectory,
  repository,
  canaryPercent,
  baseUrl,
  module,
  onProgress = () => {},
  now = Date.now,
  ...keySource
}: PublishOptions): Promise<Publication> {
  const packed = await readPackedVersion(packedDirectory);
  const url = modelUrl(packed.release.model, { baseUrl, repository }); // throws before anything is written
  await requireModulePlace({ module, baseUrl, repository });
  if (canaryPercent !== undefined) basisPoints(canaryPercent);

  const { result, after, written } = await changeRepository(repository, async (locked) => {
    const { source, before, writer } = locked;
    const published = before && (await findPublished(source, before, packed));
    const { files, ...facts } =
      before && published
        ? alreadyPublished(before, published, canaryPercent)
        : await sign(locked, packed, { ...keySource, repository, canaryPercent, nowMs: now() });
    const chunks = await writeChunks(packed, source, writer, onProgress);
    for (const [path, bytes] of files) await writer.write(path, bytes);
    return { ...facts, chunks: chunks.total, chunksWritten: chunks.written };
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
    canaryPercent,
    nowMs,
    ...keySource
  }: KeySource & Pick<PublishOptions, 'repository' | 'canaryPercent'> & { readonly nowMs: number },
): Promise<Outcome> {
  const { model, version } = packed.release;
  const canary = before && canaryOut(before, model);
  if (canary && canaryPercent !== undefined) throw anotherIsOut(packed, canary, repository);
  if (before) await checkSchema(source, before, packed.spec);
  const custom = offerRelease(packed, { canaryPercent, nowMs });
  const signed = await signRelease({ packed, before, custom, nowMs, ...keySource });
  await checkRelease(signed, { packed, before, source, nowMs });
  const { state, rollout } = custom;
  const note =
    canary && `The canary ${canary.version} is over: all devices are offered ${version}.`;
  return { ...signed, ...(note !== undefined && { note }), state, rollout, changed: true };
}

function anotherIsOut(
  { release: { model, version } }: PackedVersion,
  canary: Release,
  repository: string,
): PublisherError {
  const { version: out } = canary;
  const command = (verb: string) => `\`nearside ${verb} ${model} ${out} --repo ${repository}`;
  return new PublisherError(
    'canary-out',
    `${model} ${version}: expected no canary of ${model} to be out, got ${out}, for ${percentOf(canary)} % of devices: a ` +
      `second one would spoil its comparison. ${command('promote')} --stable\` or ${command('revoke')}\` ends it.`,
    { details: { model, version, canary: out } },
  );
}

function alreadyPublished(
  before: RepositoryState,
  { release, manifest }: PublishedVersion,
  canaryPercent: number | undefined,
): Outcome {
  const note = ignoredCanary(release, canaryPercent);
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
function ignoredCanary(release: Release, percent: number | undefined): string | undefined {
  const { model, version, state } = release;
  if (percent === undefined) return undefined;
  const isCanary = state === 'canary';
  if (isCanary && percentOf(release) === basisPoints(percent) / 100) return undefined;
  const is = isCanary ? `a canary for ${percentOf(release)} % of devices` : 'stable';
  const advice = isCanary
    ? `\`nearside promote ${model} ${version}\` widens it.`
    : 'Offers never narrow: publish a new version as canary.';
  return `The share of ${percent} % was ignored: ${model} ${version} is ${is} already. ${advice}`;
}
