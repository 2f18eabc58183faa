import { randomBytes } from 'node:crypto';
import type { ReleaseCustom } from '@nearside/artifact';
import * as v from 'valibot';
import { requirementsOf } from '../packing/requirements-of.js';
import type { PackedVersion } from '../repository/reading/packed-version.js';

/** A share of devices that a new version is for: a canary serves there, a shadow runs beside the version that does. */
export interface Share {
  readonly state: 'canary' | 'shadow';
  /** Over 0, at most 100, in steps of 0.01. */
  readonly percent: number;
}

/** Describes a new version for the targets. It is offered to every device, or is for a share that a new salt draws. */
export function offerRelease(
  { spec, release, layout: { onnxRuntime } }: PackedVersion,
  { share, nowMs }: { share: Share | undefined; nowMs: number },
): ReleaseCustom {
  const { model, version, sequence } = release;
  const identity = { model, version, sequence, ...(onnxRuntime && { onnxRuntime }) };
  const requires = requirementsOf(spec);
  const signed = { ...identity, requires, ...(spec.health && { health: spec.health }) };
  if (!share) return { ...signed, state: 'stable' };
  const salt = randomBytes(16).toString('hex');
  const rollout = { salt, fromBps: 0, toBps: basisPoints(share.percent), offeredMs: [nowMs] };
  return { ...signed, state: share.state, rollout };
}

const OfferedMs = v.fallback(v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0))), []);

/**
 * Unix times in ms at which the shares of a rollout were offered. The last one says since when it has its share. None
 * where an older publisher signed it.
 */
export function offeredTimes(rollout: ReleaseCustom['rollout']): readonly number[] {
  return v.parse(OfferedMs, rollout?.offeredMs);
}

/** The share of devices that may run a version, in percent. */
export function percentOf({ rollout }: Pick<ReleaseCustom, 'rollout'>): number {
  return rollout ? (rollout.toBps - rollout.fromBps) / 100 : 100;
}

/** @throws RangeError unless it is a share in steps of 0.01 % */
export function basisPoints(percent: number): number {
  const bps = Math.round(percent * 100);
  if (bps >= 1 && bps <= 10_000 && Math.abs(bps - percent * 100) < 1e-6) return bps;
  throw new RangeError(
    `expected a share of devices from 0.01 to 100 percent in steps of 0.01, got ${percent}.`,
  );
}
