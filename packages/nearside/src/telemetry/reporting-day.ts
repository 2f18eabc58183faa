import { rolloutBucket } from '@nearside/artifact';
import type { Store } from '@nearside/core';
import type { InstallIdentity } from '../protocol.js';

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

/** Of a version that is new to a device so many windows are short, ms: whether it works is known soon. */
const SHORT_WINDOWS = 5;
const SHORT_MS = 60_000;
const LONG_MS = 300_000;

/** How long the windows of a version are, on a device. */
export interface WindowLengths {
  /** The next one, ms. */
  readonly nextMs: number;
  /** Counts one that is stored. */
  sealed(): readonly [key: string, sealed: number][];
}

/** @param version undefined before one is known */
export async function readWindowLengths(
  store: Pick<Store, 'get'>,
  { model, version }: { readonly model: string; readonly version?: string | undefined },
): Promise<WindowLengths> {
  const key = `i/windows/${model}/${version}`;
  let sealed = version === undefined ? SHORT_WINDOWS : Number((await store.get(key)) ?? 0);
  return {
    get nextMs() {
      return sealed < SHORT_WINDOWS ? SHORT_MS : LONG_MS;
    },
    sealed() {
      if (!(sealed < SHORT_WINDOWS)) return [];
      sealed += 1;
      return [[key, sealed]];
    },
  };
}
