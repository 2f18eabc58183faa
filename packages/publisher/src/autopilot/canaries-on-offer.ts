import { onOffer, type Release } from '@nearside/artifact';
import { isForEveryone } from '../repository/checking/release-rules.js';
import { type RepositoryState, readableReleases } from '../repository/reading/read-repository.js';
import { experimentOf, offeredTimes, percentOf } from '../signing/offer-release.js';
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
  const offered = { percent: percentOf(release), offeredMs: offeredTimes(rollout) };
  return [{ model, version, experiment: experimentOf(rollout), ...offered, hasFallback }];
}
