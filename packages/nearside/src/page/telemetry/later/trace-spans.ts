import { randomHex } from '@nearside/artifact';
import { STAGE_SPANS, type TraceReason, type TraceSpan, type Traces } from '@nearside/core';
import type { EndedRun } from '../../../shared/ended-run.js';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import type { Dimensions } from './report-subject.js';

/** A run that is traced. */
export interface TracedRun {
  readonly run: Pick<EndedRun, 'id' | 'totalMs' | 'outcome' | 'traceparent'>;
  readonly reason: TraceReason;
  readonly dimensions: Omit<Dimensions, 'weight'>;
  /** When it ended, Unix time, ms. */
  readonly atMs: number;
}

/**
 * A run as spans: `inference`, and where it has a result its stages one behind the other. `queue` is all that is no stage of
 * its own, the way back included; `model` is the run of the whole batch.
 */
export function spansOf({ run, reason, dimensions, atMs }: TracedRun): TraceSpan[] {
  const { traceId, parentSpanId } = contextOf(run.traceparent);
  const { model, version = '', variant, backend, device, app } = dimensions;
  const { outcome } = run;
  const code = outcome.kind === 'failed' ? outcome.code : undefined;
  const batch = outcome.kind === 'ok' ? outcome.reply.batch : undefined;
  const spanId = randomHex(8);
  const startMs = atMs - run.totalMs;
  const described = {
    'nearside.run.id': run.id,
    'nearside.model': model,
    'nearside.version': version,
    'nearside.variant': variant,
    'nearside.backend': backend,
    'nearside.device': device,
    'nearside.app': app,
    'nearside.reason': reason,
    'error.type': code,
  };
  const attributes = Object.entries(described)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key, value: { stringValue: value } }));
  const root = {
    name: 'inference',
    traceId,
    spanId,
    kind: 1,
    ...(parentSpanId && { parentSpanId }),
    ...between(startMs, atMs),
    attributes: batch
      ? [...attributes, { key: 'nearside.batch', value: { intValue: String(batch) } }]
      : attributes,
    ...(code && { status: { code: 2 } }),
  };
  return [root, ...stagesOf(run, { traceId, parentSpanId: spanId, startMs })] as TraceSpan[];
}

function stagesOf(
  { outcome }: TracedRun['run'],
  { startMs, ...span }: { startMs: number; traceId: string; parentSpanId: string },
) {
  if (outcome.kind !== 'ok') return [];
  const { queueMs, reply } = outcome;
  const lengthsMs = [queueMs, reply.times.pre, reply.times.run, reply.times.post];
  let fromMs = startMs;
  return STAGE_SPANS.map((name, i) => {
    const toMs = fromMs + Math.max(0, lengthsMs[i] as number);
    const times = between(fromMs, toMs);
    fromMs = toMs;
    return { name, ...span, spanId: randomHex(8), kind: 1, ...times };
  });
}

function between(fromMs: number, toMs: number) {
  return { startTimeUnixNano: nanoseconds(fromMs), endTimeUnixNano: nanoseconds(toMs) };
}

/** To the microsecond: a number has no more digits. */
function nanoseconds(unixMs: number): string {
  return `${Math.round(unixMs * 1000)}000`;
}

/**
 * The trace that the caller's span is of, by W3C Trace Context, section 3.2.2. One that cannot be read begins a new trace,
 * as section 4.3 has it.
 */
function contextOf(traceparent: string | undefined) {
  const parts = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:$|-)/.exec(
    traceparent ?? '',
  );
  const [, traceId = '', parentSpanId = ''] = parts ?? [];
  const isValid = /[^0]/.test(traceId) && /[^0]/.test(parentSpanId);
  return isValid ? { traceId, parentSpanId } : { traceId: randomHex(16), parentSpanId: undefined };
}

/** A request of OTLP/HTTP. */
export function asTraces(spans: readonly TraceSpan[]): Traces {
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: 'service.name', value: { stringValue: 'nearside' } }],
        },
        scopeSpans: [{ scope: { name: 'nearside', version: LIBRARY_VERSION }, spans: [...spans] }],
      },
    ],
  };
}
