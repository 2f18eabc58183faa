import { randomBytes } from 'node:crypto';
import type { TraceReason, TraceSpan, Traces } from '@nearside/core';
import type { RunTrace } from '../store/rollup-store.js';
import { admitTraces } from '../traces/admit-traces.js';

interface SampleRun {
  readonly model?: string;
  readonly reason?: TraceReason;
  /** Code of a run that failed. */
  readonly code?: string;
}

/** Makes the traces of a device: each run with all its stages, or with none where it failed. */
export function sampleTraces(...runs: readonly SampleRun[]): Traces {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'nearside' } }] },
        scopeSpans: [
          { scope: { name: 'nearside', version: '0.1.0' }, spans: runs.flatMap(sampleSpans) },
        ],
      },
    ],
  };
}

function sampleSpans({ model = 'digits', reason = 'slow', code }: SampleRun): TraceSpan[] {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  const times = {
    traceId,
    kind: 1,
    startTimeUnixNano: '1772625720000000000',
    endTimeUnixNano: '1772625720250000000',
  } as const;
  const described = {
    'nearside.run.id': '0badcafe-7',
    'nearside.model': model,
    'nearside.version': '1.2.0',
    'nearside.variant': 'int8',
    'nearside.backend': 'onnx-wasm',
    'nearside.device': 'phone',
    'nearside.reason': reason,
    ...(code && { 'error.type': code }),
  };
  const attributes = Object.entries(described).map(([key, value]) => ({
    key,
    value: { stringValue: value },
  }));
  const run = {
    name: 'inference',
    ...times,
    spanId,
    attributes,
    ...(code && { status: { code: 2 } }),
  } as TraceSpan;
  if (code) return [run];
  const stages = (['queue', 'preprocess', 'model', 'postprocess'] as const).map((name) => ({
    name,
    ...times,
    spanId: randomBytes(8).toString('hex'),
    parentSpanId: spanId,
  }));
  return [run, ...stages];
}

export function sampleRunTrace(run: SampleRun = {}): RunTrace {
  const admission = admitTraces(new TextEncoder().encode(JSON.stringify(sampleTraces(run))));
  if (!admission.ok) throw new Error(admission.refusal.message);
  return admission.value.runs[0] as RunTrace;
}
