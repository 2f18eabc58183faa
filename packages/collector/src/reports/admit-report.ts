import {
  complaintOf,
  MAX_REPORT_BYTES,
  REPORT_VERSION,
  type Report,
  ReportSchema,
} from '@nearside/core';
import { DAY_MS } from '../counting/time.js';
import { type Parsed, parseRequest, readJson } from '../refusals/read-request.js';
import type { Refusal } from '../refusals/refusal.js';

export const ADMISSION = Object.freeze({
  /** Ids are remembered for longer. An older report could be a resend of a counted one. Devices keep theirs for 14 days. */
  maxAgeMs: 15 * DAY_MS,
  /** A clock may be set back by this much between a window and its sending, as a wrong time zone is corrected. */
  maxAheadMs: DAY_MS,
  /** A device with a newer library keeps its report until this collector is updated. */
  newerRetrySeconds: 3600,
});

/** Turns the bytes of a request into a report that may be counted, or says why not. */
export function admitReport(body: Uint8Array): Parsed<Report> {
  if (body.byteLength > MAX_REPORT_BYTES) return refused(tooLarge());
  const json = readJson(body, 'one report');
  if (!json.ok) return json;
  if (isNewer(json.value)) return refused(newer(json.value.v));
  const parsed = parseRequest(ReportSchema, json.value, 'report');
  if (!parsed.ok) return parsed;
  const refusal = complainOfCounts(parsed.value) ?? complainOfTime(parsed.value);
  return refusal ? refused(refusal) : parsed;
}

export function tooLarge(): Refusal {
  return {
    code: 'report-too-large',
    message: `The report is over ${MAX_REPORT_BYTES} bytes. Drop its optional groups.`,
    details: { maxBytes: MAX_REPORT_BYTES },
  };
}

function refused(refusal: Refusal): Parsed<never> {
  return { ok: false, refusal };
}

function isNewer(value: unknown): value is { v: number } {
  if (typeof value !== 'object' || value === null || !('v' in value)) return false;
  return Number.isSafeInteger(value.v) && (value.v as number) > REPORT_VERSION;
}

function newer(version: number): Refusal {
  return {
    code: 'report-newer',
    message: `This collector reads reports up to v${REPORT_VERSION}, got v${version}. Update the collector; the device keeps the report.`,
    details: { newest: REPORT_VERSION, got: version },
    retryAfterSeconds: ADMISSION.newerRetrySeconds,
  };
}

function complainOfCounts(report: Report): Refusal | undefined {
  const complaint = complaintOf(report);
  if (!complaint) return undefined;
  const { path, expected, got } = complaint;
  return {
    code: 'report-invalid',
    message: `report, ${path}: expected ${expected}, got ${got}.`,
    details: { path, expected, got },
  };
}

/** Compares times of the device's own clock, however far it is off. */
function complainOfTime({ t0, sent }: Report): Refusal | undefined {
  const details = { path: 't0', got: t0, sent };
  if (sent - t0 > ADMISSION.maxAgeMs) {
    return {
      code: 'report-too-old',
      message: `report, t0: expected a window at most ${ADMISSION.maxAgeMs / DAY_MS} days before it was sent, got ${t0}.`,
      details: { ...details, expected: `≥ ${sent - ADMISSION.maxAgeMs}` },
    };
  }
  if (t0 - sent > ADMISSION.maxAheadMs) {
    return {
      code: 'report-in-future',
      message: `report, t0: expected a window at most ${ADMISSION.maxAheadMs / DAY_MS} day after it was sent, got ${t0}.`,
      details: { ...details, expected: `≤ ${sent + ADMISSION.maxAheadMs}` },
    };
  }
  return undefined;
}
