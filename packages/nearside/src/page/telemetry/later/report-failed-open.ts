import { isNearsideError } from '@nearside/core';
import { openStore } from '#platform';
import { LIBRARY_VERSION, readInstallIdentity } from '../../../shared/install.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { createReportTotals } from '../lifetime.js';
import { asCounted } from './counted.js';
import { deviceClass } from './device-class.js';
import { startReporting } from './reporting.js';
import { tallyFailedOpen } from './tally.js';

/**
 * Reports an `open` that failed, before a version is known or whichever it was to be. What the caller has ended has not
 * failed. Never rejects.
 */
export async function reportFailedOpen(
  { report, store: choice, address, signal }: OpenPlan,
  error: unknown,
): Promise<void> {
  if (!report || signal?.aborted || !isNearsideError(error)) return;
  const store = openStore('nearside-reports', choice);
  try {
    const reporting = startReporting(report, {
      store,
      identity: await readInstallIdentity(store),
      totals: createReportTotals(),
      onSent() {},
      onDropped() {},
    });
    const { model } = address;
    const dimensions = { model, library: LIBRARY_VERSION, device: deviceClass() };
    reporting
      .of(asCounted({ dimensions, baseline: undefined }))
      .count((tally) => tallyFailedOpen(tally, error.code));
    await reporting.close();
  } catch {
    await store.close().catch(() => {});
  }
}
