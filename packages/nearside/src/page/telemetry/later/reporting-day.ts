import { rolloutBucket } from '@nearside/artifact';
import type { InstallIdentity } from '../../../shared/protocol.js';

/** What this install does about reports on one UTC day. */
export interface ReportingDay {
  /** As `2026-11-25`. */
  readonly name: string;
  /** Whether it reports at all: one draw per install and day, the same however often it is asked. */
  readonly isSampled: boolean;
}

export interface ReportingDayRequest {
  readonly identity: InstallIdentity;
  /** `sampleRate` is the share of device-days that report, 0 … 1. */
  readonly target: { readonly sampleRate: number };
  readonly nowMs: number;
}

export async function readReportingDay(request: ReportingDayRequest): Promise<ReportingDay> {
  const { identity, target, nowMs } = request;
  const name = utcDay(nowMs);
  const bucket = await rolloutBucket(`report ${name}`, identity.id);
  return { name, isSampled: bucket < target.sampleRate * 10_000 };
}

export function utcDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
