import { TRACE_LIMITS } from '@nearside/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AddressLimit } from '../access/address-limit.js';
import type { WritingCheck } from '../access/writing.js';
import type { RollupStore } from '../counting/rollup-store.js';
import type { ProcessMetrics } from '../metrics/process-metrics.js';
import { type Refusal, sendRefusal } from '../refusals/refusal.js';
import { addWritingRoute } from '../reports/writing-route.js';
import { admitTraces, tooLarge } from './admit-traces.js';
import type { TraceForwarder } from './forward-traces.js';

interface TraceRouteOptions {
  readonly store: Pick<RollupStore, 'addTraces'>;
  readonly metrics: ProcessMetrics;
  readonly limit: AddressLimit;
  readonly mayWrite: WritingCheck;
  /** Gets all admitted traces, sampled ones too. */
  readonly forward: TraceForwarder | undefined;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Serves `POST /v1/traces`: admits traces, forwards them, and keeps those that failed or were slow. */
export function addTraceRoute(server: FastifyInstance, options: TraceRouteOptions): void {
  const { store, metrics, limit, mayWrite, forward, now, onError } = options;

  function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
    metrics.countTraces(refusal.code);
    return sendRefusal(reply, refusal);
  }

  async function receive(body: Uint8Array, reply: FastifyReply): Promise<FastifyReply> {
    const admission = admitTraces(body);
    if (!admission.ok) return refuse(reply, admission.refusal);
    const kept = admission.value.filter(({ isNotable }) => isNotable);
    if (kept.length > 0) await store.addTraces(kept, now());
    metrics.countTraces('accepted');
    forward?.(body);
    return reply.code(204).send();
  }

  addWritingRoute(server, {
    path: '/v1/traces',
    maxBytes: TRACE_LIMITS.bytes,
    limit,
    mayWrite,
    tooLarge,
    refuse,
    onError,
    receive,
  });
}
