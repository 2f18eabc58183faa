import { complaintOf, parse, ReportSchema } from '@nearside/core';
import { expect, test } from 'vitest';
import type { SampledRun } from '../../../shared/protocol.js';
import { SAMPLE_DIMENSIONS } from '../../../testing/sample-dimensions.js';
import type { Shadowed } from '../recorded.js';
import { sealReport } from './seal-report.js';
import { tallyShadowed } from './shadow-tally.js';
import { createTally } from './tally.js';

const replyOf = (predicted: string | number | undefined, ms: number): SampledRun['reply'] => ({
  batch: 1,
  times: { pre: 1, run: ms, post: 1 },
  observation: { bins: [], predicted, substituted: [] },
});

function shadowedBy(
  candidate: string,
  serving: string | number,
  shadow: string | number | undefined,
): Shadowed {
  return {
    candidate,
    by: {} as Shadowed['by'],
    servedReply: replyOf(serving, 10),
    shadowReply: shadow === undefined ? undefined : replyOf(shadow, 13),
  };
}

function count(runs: readonly (readonly [Shadowed, bin: number])[]) {
  const tally = createTally();
  for (const [run, bin] of runs) tally.shadow = tallyShadowed(tally.shadow, run, bin);
  return tally;
}

test('agreements are counted by the confidence of the version that served, and a failure is an error that agrees with nothing', () => {
  const tally = count([
    [shadowedBy('1.1.0', '7', '7'), 2],
    [shadowedBy('1.1.0', '7', '1'), 0],
    [shadowedBy('1.1.0', '7', undefined), 2],
  ]);
  const report = sealReport(tally, {
    id: '0123456789abcdef0123456789abcdef',
    cohort: 7,
    startMs: 0,
    endMs: 60_000,
    baseline: '0123456789abcdef',
    dimensions: SAMPLE_DIMENSIONS,
  });
  const how = { code: 'input-invalid', what: 'report' } as const;
  const parsed = parse(ReportSchema, JSON.parse(JSON.stringify(report)), how);
  expect(complaintOf(parsed)).toBeUndefined();
  expect(parsed.shadow).toEqual({
    candidate: '1.1.0',
    n: 3,
    agreements: 1,
    bins: [
      [1, 0],
      [0, 0],
      [2, 1],
    ],
    latencyDifference: [6, 18],
    errorDifference: 1,
  });
});

test('numbers agree that are as near as two variants of one version may be', () => {
  const agreed = [4.2, 4.23, 4.3].map(
    (value) => count([[shadowedBy('1.1.0', 4.2, value), -1]]).shadow,
  );
  expect(agreed.map((shadow) => shadow?.agreements)).toEqual([1, 1, 0]);
  expect(agreed[0]?.bins).toEqual([]);
});

test('of two shadows in a window the newer is counted', () => {
  const { shadow } = count([
    [shadowedBy('1.1.0', '7', '7'), 0],
    [shadowedBy('1.2.0', '7', '1'), 0],
  ]);
  expect(shadow).toMatchObject({ candidate: '1.2.0', n: 1, agreements: 0, bins: [[1, 0]] });
});
