/**
 * What an open model needs only after its first result, and what few pages need at all. One chunk of
 * its own: a page pays for it when it has what it came for. Only `load-later.ts` imports it.
 */
export { startBackground } from './background-work.js';
export { clearStored } from './clear-stored.js';
export { bringOwn } from './fallback/bring-own.js';
export { answerLate } from './late-calls.js';
export {
  checkOpenOptions,
  checkRunOptions,
  checkUnsignedOptions,
} from './options/check-call-options.js';
export { openSnapshotOther } from './running/open-snapshot-other.js';
export { redoLost } from './running/redo-lost.js';
export { refuseInput } from './running/refuse-input.js';
export { joinEngine } from './serving/join-engine.js';
export { servePool } from './serving/pooled-serving.js';
export { createReviver } from './serving/revive.js';
export { goBack } from './serving/roll-back.js';
export { servePrevious } from './serving/serve-previous.js';
export { tryBackends } from './serving/try-backends.js';
export { startCounting } from './telemetry/counting.js';
export { reportFailedOpen } from './telemetry/report-failed-open.js';
export { tuneBeforeOpen } from './tuning/tuner.js';
