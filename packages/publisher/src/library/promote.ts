import type { Release, ReleaseCustom } from '@nearside/artifact';
import { PublisherError } from '../errors/publisher-error.js';
import type { KeySource } from '../keys/key-source.js';
import { changeRepository, type PublishedRepository } from '../repository/change-repository.js';
import {
  customOf,
  isOut,
  requireRelease,
  requireReleases,
} from '../repository/checking/release-rules.js';
import { requirePublished } from '../repository/reading/open-repository.js';
import type { RepositoryState } from '../repository/reading/read-repository.js';
import { readManifest } from '../repository/reading/read-version.js';
import { basisPoints, offeredTimes, percentOf } from '../signing/offer-release.js';
import { type Rewritten, rewriteRelease, type SignedRewrite } from '../signing/rewrite-release.js';
import { requireNoCanary } from './admit-share.js';

export interface PromoteOptions extends KeySource {
  /** Directory of the repository. */
  readonly repository: string;
  readonly model: string;
  readonly version: string;
  /** The share of devices that may run it, in percent; or `stable`, for all of them. */
  readonly to: number | 'stable';
  readonly now?: () => number;
}

export interface Promotion extends Rewritten {
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly state: ReleaseCustom['state'];
  /** The share of devices that may run it now, in percent. */
  readonly percent: number;
}

/**
 * Offers a canary to more devices, or to all as stable. A rollout keeps its salt and only widens, so a device that
 * runs the version keeps it. A shadow becomes a canary, also of a smaller share, as it serves nobody yet. The same again
 * signs nothing.
 *
 * @throws NearsideError `canary-out` for a shadow while a canary is out, `model-not-found`, `no-version`, `version-conflict` when the version is revoked, its rollout
 *   over, or wider already, `clock-behind`, `file-missing` when its bundle is not there, `repository-locked`, a key
 *   code, or a trust code
 * @throws RangeError when the share is out of range
 */
export async function promote(options: PromoteOptions): Promise<Promotion> {
  const { repository, to } = options;
  if (to !== 'stable') basisPoints(to);
  const { result } = await changeRepository(repository, async ({ source, before, writer }) => {
    const published = requirePublished(before, repository);
    requireNoOther(published, options);
    const { files, ...promotion } = await signPromotion({ source, before: published }, options);
    for (const [path, bytes] of files) await writer.write(path, bytes);
    return promotion;
  });
  return result;
}

/** Signs what {@link promote} writes. */
export async function signPromotion(
  { source, before }: PublishedRepository,
  { model, version, to, now = Date.now, keys, passphrase }: Omit<PromoteOptions, 'repository'>,
): Promise<Promotion & SignedRewrite> {
  const release = requireRelease(before, { model, version });
  const nowMs = now();
  const custom = promoted(release, to, nowMs);
  requireOut(release, requireReleases(before, model));
  requireLater(release, nowMs);
  await readManifest(source, before.trusted.root, release);
  const options = { keys, passphrase, nowMs };
  const rewritten = await rewriteRelease({ source }, { before, release, custom }, options);
  const { sequence, state } = custom;
  return { model, version, sequence, state, percent: percentOf(custom), ...rewritten };
}

/** A canary may be widened while it is out. A shadow becomes one, or what it is compared with, so no other may be out. */
function requireNoOther(before: RepositoryState, options: PromoteOptions): void {
  if (requireRelease(before, options).state !== 'shadow') return;
  const why = 'a second new version would spoil its comparison';
  requireNoCanary(requireReleases(before, options.model), options, why);
}

function promoted(release: Release, to: number | 'stable', nowMs: number): ReleaseCustom {
  const custom = customOf(release);
  if (release.state === 'revoked') {
    throw refused(release, 'a version that is not revoked', 'a revoked one: publish a new version');
  }
  if (to === 'stable') {
    const { rollout: _rollout, ...everyone } = custom;
    return { ...everyone, state: 'stable' };
  }
  const { rollout, state } = release;
  if (!rollout) {
    throw refused(
      release,
      'a canary',
      'one that every device is offered already; `revoke` ends it',
    );
  }
  const toBps = rollout.fromBps + basisPoints(to);
  if (state === 'shadow') {
    return { ...custom, state: 'canary', rollout: { ...rollout, toBps, offeredMs: [nowMs] } };
  }
  if (toBps < rollout.toBps || toBps > 10_000) {
    throw refused(
      release,
      `at least the ${percentOf(release)} % it has`,
      `${to} %: a rollout only widens, and \`nearside revoke\` ends it`,
    );
  }
  if (toBps === rollout.toBps) return custom;
  const offeredMs = [...offeredTimes(rollout), nowMs];
  return { ...custom, rollout: { ...rollout, toBps, offeredMs } };
}

/** A newer version took its devices, so none would be offered it. */
function requireOut(release: Release, releases: readonly Release[]): void {
  if (!release.rollout) return;
  if (isOut(release, releases)) return;
  const newer = releases.find(({ rollout, state }) => !rollout || state !== 'revoked') ?? release;
  throw refused(
    release,
    `a ${release.state} that is out`,
    `one that is over, because ${newer.version} is newer: publish it under a new version`,
  );
}

/** Metadata that is signed by a clock that was turned back expires too early. */
function requireLater({ model, version, state, rollout }: Release, nowMs: number): void {
  const offeredMs = offeredTimes(rollout).at(-1) ?? 0;
  if (nowMs >= offeredMs) return;
  const [expected, got] = [offeredMs, nowMs].map((ms) => new Date(ms).toISOString());
  throw new PublisherError(
    'clock-behind',
    `${model} ${version}: expected a time after ${expected}, when its share was offered, got ${got}. Set the clock ` +
      'of this machine. If it was the other one that was wrong, `nearside revoke` ends the ' +
      `${state}.`,
    { details: { model, version, expected, got } },
  );
}

function refused(release: Release, expected: string, got: string): PublisherError {
  const { model, version, sequence, state } = release;
  return new PublisherError(
    'version-conflict',
    `${model} ${version}: expected ${expected}, got ${got}.`,
    { details: { model, version, sequence, state } },
  );
}
