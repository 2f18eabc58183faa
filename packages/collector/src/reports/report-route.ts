import { MAX_REPORT_BYTES } from '@nearside/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { AddressLimit } from '../access/address-limit.js';
import type { WritingCheck } from '../access/writing.js';
import { contributionOf } from '../counting/contribution.js';
import { createGroupCommit } from '../counting/group-commit.js';
import type { Names } from '../counting/names.js';
import type { RollupStore } from '../counting/rollup-store.js';
import type { ProcessMetrics } from '../metrics/process-metrics.js';
import { type Refusal, sendRefusal } from '../refusals/refusal.js';
import { admitReport, tooLarge } from './admit-report.js';
import { addWritingRoute } from './writing-route.js';

interface ReportRouteOptions {
  readonly store: Pick<RollupStore, 'add'>;
  readonly names: Names;
  readonly metrics: ProcessMetrics;
  readonly limit: AddressLimit;
  readonly mayWrite: WritingCheck;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Serves `POST /v1/reports`: admits a report, counts it once, and answers. */
export function addReportRoute(server: FastifyInstance, options: ReportRouteOptions): void {
  const { store, names, metrics, limit, mayWrite, now, onError } = options;
  const count = createGroupCommit(store);

  function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
    metrics.countReport(refusal.code);
    return sendRefusal(reply, refusal);
  }

  async function receive(body: Uint8Array, reply: FastifyReply): Promise<FastifyReply> {
    const arrivedMs = now();
    const admission = admitReport(body);
    if (!admission.ok) return refuse(reply, admission.refusal);
    const contribution = contributionOf(admission.value, arrivedMs, names);
    const startedMs = performance.now();
    const outcome = await count(contribution);
    metrics.observeWrite((performance.now() - startedMs) / 1000);
    metrics.countReport(outcome === 'counted' ? 'accepted' : 'duplicate');
    if (outcome === 'counted' && contribution.late) metrics.countLate();
    return reply.code(204).send();
  }

  addWritingRoute(server, {
    path: '/v1/reports',
    maxBytes: MAX_REPORT_BYTES,
    limit,
    mayWrite,
    tooLarge,
    refuse,
    onError,
    receive,
  });
}
