import type { Readiness } from '../server/readiness.js';

export const READY: Readiness = {
  status: 'ready',
  checks: { writable: 'ok', disk: 'ok', migrated: 'ok' },
};
