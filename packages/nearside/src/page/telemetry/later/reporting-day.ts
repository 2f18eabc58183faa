import { rolloutBucket } from '@nearside/artifact';
import type { InstallIdentity } from '../../../shared/install.js';

/** One UTC day of this install. */
export interface ReportingDay {
  /** As `2026-11-25`. */
  readonly name: string;
  /** The install reports on this day: one draw per install and day, the same however often it is asked. */
  readonly isSampled: boolean;
}

export interface ReportingDayRequest {
  readonly identity: InstallIdentity;
  /** `sampleRate` is the share of device-days that report, 0 … 1. */
  readonly target: { readonly sampleRate: number };
  readonly nowMs: number;
}

/** An install's draw for a day is one of so many. */
const BUCKETS = 10_000;

export async function readReportingDay(request: ReportingDayRequest): Promise<ReportingDay> {
  const { identity, target, nowMs } = request;
  const name = utcDay(nowMs);
  const bucket = await rolloutBucket(`report ${name}`, identity.id);
  return { name, isSampled: bucket < target.sampleRate * BUCKETS };
}

/** How many devices one stands for that is sampled at this rate. */
export function weightOf(sampleRate: number): number {
  return BUCKETS / Math.ceil(sampleRate * BUCKETS);
}

export function utcDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
