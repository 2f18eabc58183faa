import { TRACE_LIMITS, type Traces } from '@nearside/core';
import type { FastifyInstance } from 'fastify';
import type { Names } from '../counting/names.js';
import type { Refusal } from '../refusals/refusal.js';
import { addWritingRoute, type WritingOptions } from '../reports/writing-route.js';
import type { RollupStore, RunTrace } from '../store/rollup-store.js';
import { admitTraces, tooLarge } from './admit-traces.js';
import type { TraceForwarder } from './forward-traces.js';

interface TraceRouteOptions extends WritingOptions {
  readonly store: Pick<RollupStore, 'addTraces'>;
  /** Traces of other models than these are neither kept nor forwarded, because anybody can invent one. */
  readonly names: Pick<Names, 'knows'>;
  /** Gets what is kept. */
  readonly forward: TraceForwarder | undefined;
}

/** Serves `POST /v1/traces`: admits traces, and keeps and forwards those of runs that failed or were slow. */
export function addTraceRoute(server: FastifyInstance, options: TraceRouteOptions): void {
  const { store, names, metrics, limit, mayWrite, forward, now, onError } = options;

  async function receive(body: Uint8Array): Promise<Refusal | undefined> {
    const admission = admitTraces(body);
    if (!admission.ok) return admission.refusal;
    const { traces, runs } = admission.value;
    const kept = runs.filter(({ isNotable, model }) => isNotable && names.knows(model));
    if (kept.length > 0) {
      await store.addTraces(kept, now());
      forward?.(tracesOf(kept, traces));
    }
    metrics.countTraces('accepted');
    return undefined;
  }

  addWritingRoute(server, {
    path: '/v1/traces',
    maxBytes: TRACE_LIMITS.bytes,
    limit,
    mayWrite,
    tooLarge,
    countRefusal: metrics.countTraces,
    onError,
    receive,
  });
}

/** The traces of some runs of a request, under what the request says of all. */
function tracesOf(runs: readonly RunTrace[], { resourceSpans: [ofDevice] }: Traces): Traces {
  const { resource, scopeSpans } = ofDevice;
  const [{ scope }] = scopeSpans;
  const spans = runs.flatMap((run) => run.spans);
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] };
}
