import { onOffer, type Release } from '@nearside/artifact';
import { sha256Hex } from '../files/digests.js';
import { isForEveryone } from '../repository/checking/release-rules.js';
import { type RepositoryState, readableReleases } from '../repository/reading/read-repository.js';
import { offeredTimes, percentOf } from '../signing/offer-release.js';
import type { CanaryOnOffer } from './decide.js';

/** The versions that a part of the devices is assigned to. */
export function canariesOnOffer({ trusted }: RepositoryState): CanaryOnOffer[] {
  if (!trusted.targets) return [];
  const { releases } = readableReleases(trusted.targets.signed);
  const models = [...new Set(releases.map(({ model }) => model))];
  return models.flatMap((model) => {
    const ofModel = releases.filter((release) => release.model === model);
    const hasFallback = ofModel.some(isForEveryone);
    return onOffer(ofModel).flatMap((release) => canaryOf(release, hasFallback));
  });
}

function canaryOf(release: Release, hasFallback: boolean): CanaryOnOffer[] {
  const { model, version, rollout } = release;
  if (!rollout) return [];
  const experiment = sha256Hex(rollout.salt).slice(0, 8);
  const offered = { percent: percentOf(release), offeredMs: offeredTimes(rollout) };
  return [{ model, version, experiment, ...offered, hasFallback }];
}
