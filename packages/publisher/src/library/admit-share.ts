import type { Release } from '@nearside/artifact';
import { type NamedStep, stagesOf } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { canaryOut, isForEveryone } from '../repository/checking/release-rules.js';
import type { PackedVersion } from '../repository/reading/packed-version.js';
import { percentOf } from '../signing/offer-release.js';

/** A version, and the directory of its repository. */
interface Placed {
  readonly model: string;
  readonly version: string;
  readonly repository: string;
}

/**
 * @param releases all versions of its model
 * @param why no second version may be out beside a canary
 * @throws NearsideError `canary-out`, with the commands that end it
 */
export function requireNoCanary(
  releases: readonly Release[],
  { model, version, repository }: Placed,
  why: string,
): void {
  const canary = canaryOut(releases);
  if (!canary) return;
  const { version: out } = canary;
  const command = (verb: string) => `\`nearside ${verb} ${model} ${out} --repo ${repository}`;
  throw new PublisherError(
    'canary-out',
    `${model} ${version}: expected no canary of ${model} to be out, got ${out}, for ${percentOf(canary)} % of devices: ` +
      `${why}. ${command('promote')} --stable\` or ${command('revoke')}\` ends it.`,
    { details: { model, version, canary: out } },
  );
}

/**
 * Requires that devices can run a version as a shadow: another one serves them all, and both decide something that can
 * be compared.
 *
 * @throws NearsideError `gate-refused`
 */
export function requireComparable(
  releases: readonly Release[],
  { release: { model, version }, spec }: PackedVersion,
): void {
  const refused = (expectedAndGot: string) =>
    new PublisherError('gate-refused', `${model} ${version}: expected ${expectedAndGot}`, {
      details: { model, version, task: spec.task },
    });
  if (!releases.some(isForEveryone)) {
    throw refused(
      'a version that serves all devices, for the shadow to run beside, got none. Correct `--repo`, or publish a first version without `--shadow`.',
    );
  }
  const steps = stagesOf(spec).flatMap(({ postprocessing }) => postprocessing);
  if (steps.some(isDecision)) return;
  throw refused(
    `a model that decides for one label or value, for a shadow to be compared by, got one of the task ${spec.task}. ` +
      'Publish it as a canary instead: `--canary`.',
  );
}

/** Of what objects, segments, texts and vectors agree in, no single answer says enough. */
const DECISIONS = new Set(['top-k', 'decide', 'regression']);

function isDecision({ step }: NamedStep): boolean {
  return DECISIONS.has(step);
}
