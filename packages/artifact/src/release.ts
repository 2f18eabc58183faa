import {
  ModelNameSchema,
  NearsideError,
  ownFields,
  parse,
  SPEC_FORMAT,
  VersionSchema,
} from '@nearside/core';
import * as v from 'valibot';
import { requireSafeName } from './repository-paths.js';
import { rolloutBucket } from './rollout-bucket.js';
import type { TargetFile, Targets } from './tuf/metadata.js';
import type { ExpectedBytes } from './verified-bytes.js';

const Sequence = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const BasisPoints = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(10_000));

/** A version needs these of the library. Unknown fields are ignored. */
export const RequiresSchema = v.looseObject({
  format: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  runtime: v.optional(v.array(v.string())),
  features: v.optional(v.array(v.string())),
});

/** The `custom` of a TUF target that is a model version. Integers only; unknown fields ignored. */
export const ReleaseSchema = v.looseObject({
  model: ModelNameSchema,
  version: VersionSchema,
  sequence: Sequence,
  /** A shadow runs beside the version that serves, on the installs of its rollout. It never serves. */
  state: v.picklist(['shadow', 'canary', 'stable', 'revoked']),
  rollout: v.optional(
    v.looseObject({ salt: v.string(), fromBps: BasisPoints, toBps: BasisPoints }),
  ),
  fallbackSequence: v.optional(Sequence),
  deltasFrom: v.optional(v.array(Sequence)),
  /** `common`: its ONNX variants stayed inside the part of ONNX Runtime that most models use; see `pack`. */
  onnxRuntime: v.optional(v.string()),
  requires: RequiresSchema,
});

export type ReleaseCustom = v.InferOutput<typeof ReleaseSchema>;

/** A model version that signed targets offer, and where its bundle is. */
export interface Release extends ReleaseCustom {
  readonly targetName: string;
  readonly target: TargetFile;
}

/** The bundle that a release must have, by the targets. */
export function expectedBundle({
  targetName,
  target: { length, hashes },
}: Pick<Release, 'targetName' | 'target'>): ExpectedBytes {
  const { sha256, sha512 } = hashes;
  return { what: targetName, sha256, sha512, sizeBytes: length };
}

/**
 * All versions of `model` that the targets list, newest first. Targets of other models are not read, so one that this
 * library does not understand harms no other model.
 *
 * @throws NearsideError `metadata-malformed`, also where two have one sequence: which of them is revoked would be a guess
 */
export function releasesOf(targets: Targets, model: string): Release[] {
  const releases = Object.entries(targets.targets)
    .filter(([, target]) => modelOf(target) === model)
    .map(([targetName, target]) => parseRelease(targetName, target))
    .sort((a, b) => b.sequence - a.sequence);
  const twice = releases.find(({ sequence }, i) => releases[i + 1]?.sequence === sequence);
  if (twice) throw listedTwice(releases, twice);
  return releases;
}

export function listedTwice(
  releases: readonly Release[],
  { model, sequence }: Pick<Release, 'model' | 'sequence'>,
): NearsideError {
  const names = releases
    .filter((release) => release.model === model && release.sequence === sequence)
    .map(({ targetName }) => targetName);
  return new NearsideError(
    'metadata-malformed',
    `targets.json: expected each sequence of '${model}' once, got ${sequence} of ${names.join(' and of ')}.`,
    { details: { model, sequence, targets: names } },
  );
}

/** Finds one version of a model. Errors in other versions do not matter; of two with one sequence it finds neither. */
export function findRelease(
  targets: Targets,
  { model, sequence }: { model: string; sequence: number | undefined },
): Release | undefined {
  const [entry, second] = Object.entries(targets.targets).filter(
    ([, target]) => modelOf(target) === model && sequenceOf(target) === sequence,
  );
  return entry && !second ? parseRelease(...entry) : undefined;
}

export function modelNames(targets: Targets): string[] {
  const names = Object.values(targets.targets).map(modelOf);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function modelOf({ custom }: TargetFile): string | undefined {
  const model = (custom as { model?: unknown } | null | undefined)?.model;
  return typeof model === 'string' ? model : undefined;
}

function sequenceOf({ custom }: TargetFile): unknown {
  return (custom as { sequence?: unknown } | null | undefined)?.sequence;
}

function parseRelease(targetName: string, target: TargetFile): Release {
  requireSafeName(targetName, 'targets.json');
  const malformed = { code: 'metadata-malformed', what: `targets.json, ${targetName}` } as const;
  // A newer library may write fields that this one does not know, but always says that it is newer.
  const newer = v.safeParse(NewerReleaseSchema, target.custom);
  const custom = newer.success
    ? { ...newer.output, state: 'stable' as const }
    : parse(ReleaseSchema, target.custom, malformed);
  return ownFields({ ...custom, targetName, target }, 1);
}

/** A release of a later format: enough to name it and pass it over. */
const NewerReleaseSchema = v.looseObject({
  model: ModelNameSchema,
  version: VersionSchema,
  sequence: Sequence,
  requires: v.object({
    format: v.pipe(v.number(), v.safeInteger(), v.minValue(SPEC_FORMAT + 1)),
  }),
});

/** The runtimes, formats and features that this library and this device can run. */
export interface Support {
  readonly runtimes: readonly string[];
  /** Features that a version may require (`requires.features`). */
  readonly features: readonly string[];
}

interface ReleaseQuestion {
  readonly model: string;
  /** Random per install; rollouts are decided by it. */
  readonly installId: string;
  readonly support: Support;
  readonly failed?: ReadonlySet<number>;
  /** The sequence that runs now. */
  readonly from?: number | undefined;
}

/**
 * The versions on offer, newest first. A canary is over once all were offered a newer version, even where that one was
 * revoked since. Of two experiments only the newer is out, so one salt decides for each device.
 */
export function onOffer(releases: readonly Release[]): Release[] {
  const newestForAll = newestForAllOf(releases);
  const offered = releases.filter(({ state }) => state !== 'revoked' && state !== 'shadow');
  const salt = saltOf(offered);
  return offered.filter(
    ({ rollout, sequence }) => !rollout || (rollout.salt === salt && sequence > newestForAll),
  );
}

/**
 * The shadow that devices are to run: the newest, unless all were offered a newer version. While a canary is out they run none,
 * because it would slow one side of the comparison.
 */
export function shadowOnOffer(releases: readonly Release[]): Release | undefined {
  if (saltOf(onOffer(releases)) !== undefined) return undefined;
  const newest = releases.find(({ state }) => state === 'shadow');
  return newest && newest.sequence > newestForAllOf(releases) ? newest : undefined;
}

function newestForAllOf(releases: readonly Release[]): number {
  return releases.find(({ rollout }) => !rollout)?.sequence ?? 0;
}

/** The salt of the newest rollout among these; undefined where each is for all. */
export function saltOf(releases: readonly Release[]): string | undefined {
  return releases.find(({ rollout }) => rollout)?.rollout?.salt;
}

/**
 * Chooses the version this device runs: the highest sequence that is on offer, supported, admitted by its rollout, and
 * has not failed here. Where that means going back from a revoked version, its signed fallback is preferred.
 *
 * @throws NearsideError `model-not-found`, `version-revoked`, `version-unsupported`, `no-version`
 */
export async function chooseRelease(
  targets: Targets,
  { model, installId, support, failed = new Set(), from }: ReleaseQuestion,
): Promise<Release> {
  const releases = releasesOf(targets, model);
  if (releases.length === 0) throw modelNotFound(targets, model);
  const current = onOffer(releases);
  const supported = current.filter((release) => isSupported(release, support));
  const bucket = await rolloutBucket(saltOf(current) ?? '', installId);
  const admitted = supported.filter(
    (release) => !failed.has(release.sequence) && isAdmitted(release, bucket),
  );
  const [newest] = admitted;
  const goesBack = newest !== undefined && newest.sequence < (from ?? 0);
  const fallback = goesBack ? fallbackOf(releases, from) : undefined;
  const chosen = admitted.find(({ sequence }) => sequence === fallback) ?? newest;
  if (chosen) return chosen;
  if (current.length === 0) throw none('version-revoked', model, releases, 'all are revoked');
  if (supported.length === 0) throw unsupported(model, current);
  const why = 'none is rolled out to this device, or it failed here';
  throw none('no-version', model, supported, why);
}

/** This library can run none of the versions. */
export function unsupported(
  model: string,
  versions: readonly Pick<Release, 'version'>[],
): NearsideError {
  const why = 'this needs a newer library: update nearside';
  return none('version-unsupported', model, versions, why);
}

/** The versions above `sequence` that this library cannot run. The app is told of them. */
export function unsupportedReleases(
  targets: Targets,
  { model, support, above }: { model: string; support: Support; above: number },
): Release[] {
  return releasesOf(targets, model).filter(
    (release) =>
      release.sequence > above && release.state === 'stable' && !isSupported(release, support),
  );
}

/** One runtime that a version has variants for is enough. All features that it needs must be there. */
export function isSupported({ requires }: Pick<Release, 'requires'>, support: Support): boolean {
  const { format, runtime = [], features = [] } = requires;
  return (
    format <= SPEC_FORMAT &&
    (runtime.length === 0 || runtime.some((name) => support.runtimes.includes(name))) &&
    features.every((name) => support.features.includes(name))
  );
}

function fallbackOf(releases: readonly Release[], from: number | undefined): number | undefined {
  const running = releases.find(({ sequence }) => sequence === from);
  return running?.state === 'revoked' ? running.fallbackSequence : undefined;
}

/** @param bucket of the install, by the salt of the rollout */
export function isAdmitted({ rollout }: Release, bucket: number): boolean {
  return !rollout || (rollout.fromBps <= bucket && bucket < rollout.toBps);
}

function modelNotFound(targets: Targets, model: string): NearsideError {
  const names = modelNames(targets);
  const offered = names.length > 0 ? names.join(', ') : 'no model at all';
  return new NearsideError(
    'model-not-found',
    `Expected a model '${model}' in this repository, which offers: ${offered}.`,
    { details: { model, offered: names } },
  );
}

function none(
  code: 'version-revoked' | 'version-unsupported' | 'no-version',
  model: string,
  releases: readonly Pick<Release, 'version'>[],
  why: string,
): NearsideError {
  const versions = releases.map((release) => release.version);
  return new NearsideError(
    code,
    `Expected a version of '${model}' this device may run, got ${versions.join(', ')}: ${why}.`,
    { details: { model, versions } },
  );
}
