import { rolloutBucket } from '@nearside/artifact';
import type { Store } from '@nearside/core';
import type { InstallIdentity } from './install-identity.js';

/** What this install does about reports on one UTC day, for one model version. */
export interface ReportingDay {
  /** As `2026-11-25`. */
  readonly name: string;
  /** Whether it reports at all: one draw per install and day, the same however often it is asked. */
  readonly sampled: boolean;
  /** Whether it has reported already: the first report of a day counts the device. */
  reported: boolean;
  /** Where the store remembers that. */
  readonly key: string;
}

export async function readReportingDay({
  store,
  identity,
  target,
  model,
  version,
  nowMs,
}: {
  store: Store;
  identity: InstallIdentity;
  /** `sampleRate` is the share of device-days that report, 0 … 1. */
  target: { readonly sampleRate: number };
  model: string;
  version: string;
  nowMs: number;
}): Promise<ReportingDay> {
  const name = utcDay(nowMs);
  const key = `i/reported/${model}/${version}`;
  const bucket = await rolloutBucket(`report ${name}`, identity.id);
  return {
    name,
    key,
    sampled: bucket < target.sampleRate * 10_000,
    reported: (await store.get(key)) === name,
  };
}

export function utcDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
