/**
 * What an open model needs only after its first result. One chunk of its own: a page pays for it when
 * it has what it came for. Only `load-later.ts` imports it.
 */
export { keepCurrent } from './keep-current.js';
export { profileModel } from './profile-model.js';
export { takeResidence } from './resident-model.js';
export { createReviver } from './revive-worker.js';
export { scoreAll } from './score-all.js';
export { openReporting } from './telemetry/open-reporting.js';
