import {
  isNearsideError,
  parse,
  TRACE_LIMITS,
  type TraceSpan,
  type Traces,
  TracesSchema,
} from '@nearside/core';
import type { RunTrace } from '../counting/rollup-store.js';
import type { Refusal } from '../refusals/refusal.js';
import { readJson } from '../reports/admit-report.js';

export type TracesAdmission =
  | { readonly ok: true; readonly traces: readonly RunTrace[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** Turns the bytes of a request into traces of runs, or says why not. */
export function admitTraces(body: Uint8Array): TracesAdmission {
  if (body.byteLength > TRACE_LIMITS.bytes) return { ok: false, refusal: tooLarge() };
  const json = readJson(body);
  if (!json.ok) {
    const message = `Expected traces as JSON in the body, got a body that is ${json.reason}.`;
    return { ok: false, refusal: { code: 'not-json', message } };
  }
  try {
    const traces = parse(TracesSchema, json.value, { code: 'input-invalid', what: 'traces' });
    return { ok: true, traces: runsOf(traces) };
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const { path, expected, got } = error.details;
    const details = { path, expected, got };
    return { ok: false, refusal: { code: 'traces-invalid', message: error.message, details } };
  }
}

export function tooLarge(): Refusal {
  return {
    code: 'traces-too-large',
    message: `The traces are over ${TRACE_LIMITS.bytes} bytes. Send fewer at a time.`,
    details: { maxBytes: TRACE_LIMITS.bytes },
  };
}

function runsOf({ resourceSpans: [{ scopeSpans }] }: Traces): RunTrace[] {
  const [{ spans }] = scopeSpans;
  return spans.flatMap((run) => {
    if (run.name !== 'inference') return [];
    const { traceId, spanId, status } = run;
    const stages = spans.filter(
      (span) =>
        span.name !== 'inference' && span.traceId === traceId && span.parentSpanId === spanId,
    );
    const isNotable = status !== undefined || textOf(run, 'nearside.reason') !== 'sampled';
    const model = textOf(run, 'nearside.model');
    return [{ model, traceId, spanId, isNotable, spans: [run, ...stages] }];
  });
}

/** Reads an attribute that the schema requires. */
function textOf(run: Extract<TraceSpan, { name: 'inference' }>, wanted: string): string {
  const found = run.attributes.find(({ key }) => key === wanted);
  return found && 'stringValue' in found.value ? found.value.stringValue : '';
}
