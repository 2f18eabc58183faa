import type { Distribution, VersionFacts } from '@nearside/core';

/** The distribution by which feedback is counted, and its place in reports. */
export interface ConfidenceBins {
  readonly distribution: Extract<Distribution, { edges: number[] }>;
  readonly position: number;
  /** Hash of the baseline. */
  readonly baseline: string;
}

/** @returns undefined for a version without a baseline, or whose output has no confidence */
export function confidenceBins(version: VersionFacts | undefined): ConfidenceBins | undefined {
  const { baseline, baselineHash } = version ?? {};
  const position = baseline?.distributions.findIndex(({ name }) => name === 'confidence') ?? -1;
  const distribution = baseline?.distributions[position];
  if (!distribution || !baselineHash || !('edges' in distribution)) return undefined;
  return { distribution, position, baseline: baselineHash };
}
