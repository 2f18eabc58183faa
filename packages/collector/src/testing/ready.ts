import type { Readiness } from '../readiness.js';

export const READY: Readiness = {
  status: 'ready',
  checks: { writable: 'ok', disk: 'ok', migrated: 'ok' },
};
