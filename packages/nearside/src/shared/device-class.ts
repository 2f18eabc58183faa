import type { DeviceClass } from '@nearside/core';

/** Four logical cores or fewer make a small desktop: half of what laptops have shipped since 2020. */
const SMALL_CORES = 4;

/** Six classes are coarse on purpose: enough to compare latencies, too few to tell people apart. */
export function deviceClass(): DeviceClass {
  const { navigator, process } = globalThis as {
    navigator?: Navigator & { userAgentData?: { mobile: boolean } };
    process?: unknown;
  };
  if (process && typeof document === 'undefined') return 'server';
  if (!navigator) return 'other';
  const agent = navigator.userAgent;
  if (navigator.userAgentData?.mobile || /iPhone|Android.+Mobile/.test(agent)) return 'phone';
  // iPadOS presents itself as a Mac, but no Mac has a touch screen.
  const ipad = /Macintosh/.test(agent) && navigator.maxTouchPoints > 1;
  if (ipad || /iPad|Android/.test(agent)) return 'tablet';
  return (navigator.hardwareConcurrency ?? SMALL_CORES) <= SMALL_CORES
    ? 'desktop-small'
    : 'desktop-large';
}
