import { shareOnce } from '@nearside/core';
import type { Later } from '../load-later.js';
import type { Started } from '../opening/serving.js';
import type { CountingContext } from './counter.js';
import { createLifetime } from './lifetime.js';
import type { Reporting } from './open-reporting.js';
import { createRecorder, type Recorder } from './recorder.js';
import { createReportTotals } from './report-totals.js';

/** What is taken down of an open model, one version after another, for `stats()` and for reports. */
export interface Recording extends CountingContext {
  /** For a version on a backend, from now on. */
  startRecorder(started: Started): Recorder;
  /** @throws as `loadLater` */
  loadReporting(): Promise<Reporting>;
  /** When its recorders are closed. */
  close(): Promise<void>;
}

/** @param later resolves after the first result: nothing is counted or reported before */
export function startRecording(
  context: Omit<CountingContext, 'lifetime' | 'totals'>,
  later: () => Promise<Later>,
): Recording {
  const counting = { ...context, lifetime: createLifetime(), totals: createReportTotals() };
  let reporting: Reporting | undefined;
  const loadReporting = shareOnce(async () => {
    const { openReporting } = await later();
    reporting = openReporting(context.plan.store);
    return reporting;
  });
  return {
    ...counting,
    startRecorder({ version, backend, variant }) {
      const counted = { version, backend, variant: variant.name, startMs: Date.now() };
      return createRecorder(counting.lifetime, async () => {
        const [opened, { createCounter }] = await Promise.all([loadReporting(), later()]);
        return createCounter(opened, counting, counted);
      });
    },
    loadReporting,
    close: async () => reporting?.close(),
  };
}
