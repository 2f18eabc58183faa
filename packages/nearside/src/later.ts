/**
 * What an open model needs only after its first result, and what few pages need at all. One chunk of
 * its own: a page pays for it when it has what it came for. Only `load-later.ts` imports it.
 */
export { accompanyModel } from './accompany-model.js';
export { explainBackend } from './choice/explain-backend.js';
export { tuneBeforeOpen } from './choice/tune-before-open.js';
export { takeResidence } from './engine/resident-model.js';
export { bringOwn } from './fallback/bring-own.js';
export { checkOpenOptions } from './opening/check-open-options.js';
export { servePrevious } from './opening/serve-previous.js';
export { tryBackends } from './opening/try-backends.js';
export { readStorage } from './read-storage.js';
export { checkRunOptions } from './running/check-run-options.js';
export { profileModel } from './running/profile-model.js';
export { redoLost } from './running/redo-lost.js';
export { refuseInput } from './running/refuse-input.js';
export { openStream } from './streaming/open-stream.js';
export { scoreModel } from './streaming/score-model.js';
export { createCounter } from './telemetry/counter.js';
export { openReporting } from './telemetry/reporter.js';
export { checkUnsignedOptions } from './unsigned/check-unsigned-options.js';
export { goBack } from './updating/go-back.js';
export { createReviver } from './workers/revive-worker.js';
export { warmModel } from './workers/warm-model.js';
