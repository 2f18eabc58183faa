import { rolloutBucket } from '@nearside/artifact';
import type { Store } from '@nearside/core';
import type { InstallIdentity } from '../protocol.js';

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

export interface ReportingDayRequest {
  readonly identity: InstallIdentity;
  /** `sampleRate` is the share of device-days that report, 0 … 1. */
  readonly target: { readonly sampleRate: number };
  readonly model: string;
  readonly version: string;
  readonly nowMs: number;
}

export type ReadReportingDay = (request: ReportingDayRequest) => Promise<ReportingDay>;

/**
 * Reads days for the reporters of one open model: those of one version, on one backend after another, get
 * the same day, so that only one of them says that it is the first.
 */
export function createReportingDays(store: Store): ReadReportingDay {
  const days = new Map<string, Promise<ReportingDay>>();
  return (request) => {
    const key = `${reportedKey(request)} ${utcDay(request.nowMs)}`;
    const known = days.get(key);
    if (known) return known;
    const day = readReportingDay(store, request);
    days.set(key, day);
    day.catch(() => days.delete(key));
    return day;
  };
}

async function readReportingDay(store: Store, request: ReportingDayRequest): Promise<ReportingDay> {
  const { identity, target, nowMs } = request;
  const name = utcDay(nowMs);
  const key = reportedKey(request);
  const bucket = await rolloutBucket(`report ${name}`, identity.id);
  return {
    name,
    key,
    sampled: bucket < target.sampleRate * 10_000,
    reported: (await store.get(key)) === name,
  };
}

function reportedKey({ model, version }: Pick<ReportingDayRequest, 'model' | 'version'>): string {
  return `i/reported/${model}/${version}`;
}

export function utcDay(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
