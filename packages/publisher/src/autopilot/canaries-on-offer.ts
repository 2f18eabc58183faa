import { experimentOf } from '@nearside/artifact';
import { canaryOut, isForEveryone } from '../repository/checking/release-rules.js';
import { type RepositoryState, readableReleases } from '../repository/reading/read-repository.js';
import { offeredTimes, percentOf } from '../signing/offer-release.js';
import type { CanaryOnOffer } from './decide.js';

/** The versions that a part of the devices is assigned to, one of a model at most. */
export async function canariesOnOffer({ trusted }: RepositoryState): Promise<CanaryOnOffer[]> {
  if (!trusted.targets) return [];
  const { releases } = readableReleases(trusted.targets.signed);
  const canaries: CanaryOnOffer[] = [];
  for (const model of new Set(releases.map(({ model }) => model))) {
    const ofModel = releases.filter((release) => release.model === model);
    const canary = canaryOut(ofModel);
    if (!canary?.rollout) continue;
    canaries.push({
      model,
      version: canary.version,
      experiment: await experimentOf(canary.rollout.salt),
      percent: percentOf(canary),
      offeredMs: offeredTimes(canary.rollout),
      hasFallback: ofModel.some(isForEveryone),
    });
  }
  return canaries;
}
