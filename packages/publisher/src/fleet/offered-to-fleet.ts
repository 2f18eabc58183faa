import { experimentOf, onOffer, type Release, type Targets } from '@nearside/artifact';
import { canaryOut, shadowOut } from '../repository/checking/release-rules.js';
import { readableReleases } from '../repository/reading/read-repository.js';
import { offeredTimes, percentOf } from '../signing/offer-release.js';
import { askCanary, askShadow, type CollectorAccess } from './ask-fleet.js';
import type { FleetCanary, FleetRollout } from './fleet-answers.js';
import { type VerdictPlan, verdictPlan } from './verdict-plan.js';

/** What devices are offered of a model, by the signed targets, and how it does, by a collector. */
export interface OfferedToFleet {
  readonly model: string;
  /** The version that every device is offered; undefined where there is none. */
  readonly version: string | undefined;
  readonly canary: CanaryStatus | undefined;
  /** Absent where there is none. */
  readonly shadow?: ShadowStatus;
  /** Version of the targets that the facts of the collector are from. It judges by these. Null where it has none. */
  readonly factsRevision: number | null;
  /** Pin of the repository that these are from. */
  readonly factsPin: string | null;
  /** Versions of rollouts that the collector hears of, and that the targets do not list. */
  readonly unknownVersions: readonly string[];
}

/** A canary that is out. */
export interface CanaryStatus {
  readonly version: string;
  /** Share of devices that are offered it, in percent. */
  readonly percent: number;
  /** Unix time in ms since when it has that share; undefined where an older publisher signed it. */
  readonly sinceMs: number | undefined;
  /** Devices that reported, by side, on the busiest UTC day. */
  readonly devices: { readonly canary: number; readonly control: number };
  /** As the collector says it; `none` also where no device has reported yet. */
  readonly verdict: FleetRollout['verdict']['verdict'];
  /** What it is said by: measures, or what keeps it from being said. */
  readonly because: readonly string[];
  /** Hours until a verdict at the rate of reports so far; null where that is not known, or there is one. */
  readonly hoursLeft: number | null;
  readonly plan: VerdictPlan;
}

/** A version that runs beside the one that serves, except while a canary is out. */
export interface ShadowStatus {
  readonly version: string;
  /** Share of devices that run it, in percent. */
  readonly percent: number;
  readonly sinceMs: number | undefined;
  /** Inputs of the last 14 days that both had. */
  readonly inputs: number;
  /** Share of them in which both decided the same, 0 … 1; null where too few devices have reported. */
  readonly agreement: {
    readonly value: number | null;
    readonly low: number | null;
    readonly high: number | null;
  };
}

/** Asks a collector about every model of a repository. Throws as {@link askCanary}. */
export async function offeredToFleet(
  targets: Targets,
  collector: CollectorAccess,
): Promise<OfferedToFleet[]> {
  const { releases } = readableReleases(targets);
  const offered: OfferedToFleet[] = [];
  for (const model of new Set(releases.map((release) => release.model))) {
    const ofModel = releases.filter((release) => release.model === model);
    const answer = await askCanary(collector, model);
    const canary = canaryOut(ofModel);
    const shadow = shadowOut(ofModel);
    const versions = new Set(ofModel.map(({ version }) => version));
    offered.push({
      model,
      version: onOffer(ofModel).find(({ rollout }) => !rollout)?.version,
      canary: canary && (await canaryStatus(canary, answer)),
      ...(shadow && { shadow: await shadowStatus(shadow, collector) }),
      factsRevision: answer.revision,
      factsPin: answer.pin,
      unknownVersions: answer.rollouts
        .filter(({ version, isOver }) => !isOver && !versions.has(version))
        .map(({ version }) => version),
    });
  }
  return offered;
}

async function shadowStatus(release: Release, collector: CollectorAccess): Promise<ShadowStatus> {
  const { model, version, rollout } = release;
  const { shadow } = await askShadow(collector, model);
  const { n = 0, agreement } = shadow.find(({ candidate }) => candidate === version) ?? {};
  const { value = null, low = null, high = null } = agreement ?? {};
  return {
    version,
    percent: percentOf(release),
    sinceMs: offeredTimes(rollout).at(-1),
    inputs: n,
    agreement: { value, low, high },
  };
}

async function canaryStatus(release: Release, answer: FleetCanary): Promise<CanaryStatus> {
  const { version, rollout } = release;
  const experiment = rollout && (await experimentOf(rollout.salt));
  const reported = answer.rollouts.find(
    (one) => one.version === version && one.experiment === experiment,
  );
  const {
    verdict,
    because = 'no-reports',
    hours = null,
  } = reported?.verdict ?? { verdict: 'none' };
  const percent = percentOf(release);
  return {
    version,
    percent,
    sinceMs: offeredTimes(rollout).at(-1),
    devices: reported?.devices ?? { canary: 0, control: 0 },
    verdict,
    because: [because].flat(),
    hoursLeft: hours,
    plan: verdictPlan(answer, percent),
  };
}
