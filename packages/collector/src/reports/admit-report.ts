import {
  complaintOf,
  isNearsideError,
  MAX_REPORT_BYTES,
  parse,
  REPORT_VERSION,
  type Report,
  ReportSchema,
} from '@nearside/core';
import { DAY_MS } from '../counting/time.js';
import type { Refusal } from '../refusals/refusal.js';

export const ADMISSION = Object.freeze({
  /** Ids are remembered for this long from their arrival. An older report could be a resend of a counted one. */
  maxAgeMs: 30 * DAY_MS,
  /** A clock may be set back by this much between a window and its sending, as a wrong time zone is corrected. */
  maxAheadMs: DAY_MS,
  /** A device with a newer library keeps its report until this collector is updated. */
  newerRetrySeconds: 3600,
});

export type Admission =
  | { readonly ok: true; readonly report: Report }
  | { readonly ok: false; readonly refusal: Refusal };

/** Turns the bytes of a request into a report that may be counted, or says why not. */
export function admitReport(body: Uint8Array): Admission {
  if (body.byteLength > MAX_REPORT_BYTES) return refused(tooLarge());
  const json = readJson(body);
  if (!json.ok) return refused(notJson(json.reason));
  if (isNewer(json.value)) return refused(newer(json.value.v));
  const parsed = parseReport(json.value);
  if (!parsed.ok) return parsed;
  const refusal = complainOfCounts(parsed.report) ?? complainOfTime(parsed.report);
  return refusal ? refused(refusal) : parsed;
}

export function tooLarge(): Refusal {
  return {
    code: 'report-too-large',
    message: `The report is over ${MAX_REPORT_BYTES} bytes. Drop its optional groups.`,
    details: { maxBytes: MAX_REPORT_BYTES },
  };
}

function refused(refusal: Refusal): Admission {
  return { ok: false, refusal };
}

export function readJson(
  body: Uint8Array,
): { ok: true; value: unknown } | { ok: false; reason: 'empty' | 'not UTF-8' | 'not JSON' } {
  if (body.byteLength === 0) return { ok: false, reason: 'empty' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return { ok: false, reason: 'not UTF-8' };
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, reason: 'not JSON' };
  }
}

function notJson(reason: string): Refusal {
  return {
    code: 'not-json',
    message: `Expected one report as JSON in the body, got a body that is ${reason}.`,
  };
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

function parseReport(value: unknown): Admission {
  try {
    return {
      ok: true,
      report: parse(ReportSchema, value, { code: 'input-invalid', what: 'report' }),
    };
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const { path, expected, got } = error.details;
    return refused({
      code: 'report-invalid',
      message: error.message,
      details: { path, expected, got },
    });
  }
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
