import { shareOnce } from '@nearside/core';
import type { Later } from '../later/load-later.js';
import type { Started } from '../opening/serving.js';
import type { CountingContext } from './counter.js';
import { createLifetime } from './lifetime.js';
import type { Reporting } from './open-reporting.js';
import { createRecorder, type Recorder } from './recorder.js';
import { createReportTotals } from './report-totals.js';

/** What is taken down of an open model, one version after another, for `stats()` and for reports. */
export interface Recording extends CountingContext {
  /**
   * For a version on a backend, from now on. It is kept until `close`, and counts on when the same
   * serves again: a run that has ended is counted a little later, and feedback comes whenever it likes.
   */
  startRecorder(started: Started): Recorder;
  /** @throws as `loadLater` */
  loadReporting(): Promise<Reporting>;
  /** Seals every report; called when the runs have ended. */
  close(): Promise<void>;
}

/** @param later resolves after the first result: nothing is counted or reported before */
export function startRecording(
  context: Omit<CountingContext, 'lifetime' | 'totals'>,
  later: () => Promise<Later>,
): Recording {
  const counting = { ...context, lifetime: createLifetime(), totals: createReportTotals() };
  let reporting: Reporting | undefined;
  const recorders: Record<string, Recorder> = {};
  const loadReporting = shareOnce(async () => {
    const { openReporting } = await later();
    reporting = openReporting(context.plan.store);
    return reporting;
  });
  return {
    ...counting,
    startRecorder({ version, backend, variant }) {
      const counted = { version, backend, variant: variant.name, startMs: Date.now() };
      const key = version.manifestSha256 + variant.name + backend;
      recorders[key] ??= createRecorder(counting.lifetime, async () => {
        const [opened, { createCounter }] = await Promise.all([loadReporting(), later()]);
        return createCounter(opened, counting, counted);
      });
      return recorders[key];
    },
    loadReporting,
    async close() {
      await Promise.all(Object.values(recorders).map((recorder) => recorder.close()));
      await reporting?.close();
    },
  };
}
