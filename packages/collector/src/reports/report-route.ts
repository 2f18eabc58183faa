import { MAX_REPORT_BYTES } from '@nearside/core';
import type { FastifyInstance } from 'fastify';
import { contributionOf } from '../counting/contribution.js';
import type { Names } from '../counting/names.js';
import type { Refusal } from '../refusals/refusal.js';
import { createGroupCommit } from '../store/group-commit.js';
import type { RollupStore } from '../store/rollup-store.js';
import { admitReport, tooLarge } from './admit-report.js';
import { addWritingRoute, type WritingOptions } from './writing-route.js';

interface ReportRouteOptions extends WritingOptions {
  readonly store: Pick<RollupStore, 'add'>;
  readonly names: Names;
}

/** Serves `POST /v1/reports`: admits a report, counts it once, and answers. */
export function addReportRoute(server: FastifyInstance, options: ReportRouteOptions): void {
  const { store, names, metrics, limit, mayWrite, now, onError } = options;
  const count = createGroupCommit(store);

  async function receive(body: Uint8Array): Promise<Refusal | undefined> {
    const arrivedMs = now();
    const admission = admitReport(body);
    if (!admission.ok) return admission.refusal;
    const contribution = contributionOf(admission.value, arrivedMs, names);
    const startedMs = performance.now();
    const outcome = await count(contribution);
    metrics.observeWrite((performance.now() - startedMs) / 1000);
    metrics.countReport(outcome === 'counted' ? 'accepted' : 'duplicate');
    if (outcome === 'counted' && contribution.late) metrics.countLate();
    return undefined;
  }

  addWritingRoute(server, {
    path: '/v1/reports',
    maxBytes: MAX_REPORT_BYTES,
    limit,
    mayWrite,
    tooLarge,
    countRefusal: metrics.countReport,
    onError,
    receive,
  });
}
