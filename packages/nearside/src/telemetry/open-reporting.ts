import { withMemoryFallback } from '@nearside/artifact';
import { openStore } from '#platform';
import type { StoreChoice } from '../platform/open-store.js';
import { settlesWithin } from '../timing/awake-timer.js';
import { LAST_STORING_MS } from '../timing/last-storing.js';
import { type Reporter, type ReporterOptions, startReporter } from './reporter.js';
import { createReportingDays } from './reporting-day.js';

/** Starts the reporters of one open model, one for each version on a backend. */
export interface Reporting {
  start(options: Omit<ReporterOptions, 'store' | 'readDay'>): Reporter;
  /** When its reporters are closed. Waits for a store that answers, and no longer. */
  close(): Promise<void>;
}

/** Reports wait in one store of their own, whichever version of a model they are about. */
export function openReporting(choice: StoreChoice): Reporting {
  const store = withMemoryFallback(openStore('nearside-reports', choice));
  const readDay = createReportingDays(store);
  let isClosed = false;
  return {
    start(options) {
      const reporter = startReporter({ ...options, store, readDay });
      if (isClosed) void reporter.close();
      return reporter;
    },
    async close() {
      isClosed = true;
      await settlesWithin(LAST_STORING_MS, store.close());
    },
  };
}
