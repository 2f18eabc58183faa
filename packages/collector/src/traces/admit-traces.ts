import { TRACE_LIMITS, type TraceSpan, type Traces, TracesSchema } from '@nearside/core';
import { type Parsed, parseRequest, readJson } from '../refusals/read-request.js';
import type { Refusal } from '../refusals/refusal.js';
import type { RunTrace } from '../store/rollup-store.js';

export interface AdmittedTraces {
  /** Only what the schema names, however the body said it. */
  readonly traces: Traces;
  readonly runs: readonly RunTrace[];
}

/** Turns the bytes of a request into traces of runs, or says why not. */
export function admitTraces(body: Uint8Array): Parsed<AdmittedTraces> {
  if (body.byteLength > TRACE_LIMITS.bytes) return { ok: false, refusal: tooLarge() };
  const json = readJson(body, 'traces');
  if (!json.ok) return json;
  const parsed = parseRequest(TracesSchema, json.value, 'traces');
  if (!parsed.ok) return parsed;
  return { ok: true, value: { traces: parsed.value, runs: runsOf(parsed.value) } };
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
