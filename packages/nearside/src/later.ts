/**
 * What an open model needs only after its first result, and what few pages need at all. One chunk of
 * its own: a page pays for it when it has what it came for. Only `load-later.ts` imports it.
 */
export { accompanyModel } from './accompany-model.js';
export { checkOpenOptions } from './check-open-options.js';
export { checkRunOptions } from './check-run-options.js';
export { tuneBeforeOpen } from './choice/tune-before-open.js';
export { explainBackend } from './explain-backend.js';
export { goBack } from './go-back.js';
export { openWithOwn } from './open-with-own.js';
export { postOneByOne } from './post-one-by-one.js';
export { profileModel } from './profile-model.js';
export { readStorage } from './read-storage.js';
export { redoLost } from './redo-lost.js';
export { refuseTensors } from './refuse-tensors.js';
export { takeResidence } from './resident-model.js';
export { createReviver } from './revive-worker.js';
export { scoreAll } from './score-all.js';
export { servePrevious } from './serve-previous.js';
export { openStream } from './streaming/open-stream.js';
export { countVersion } from './telemetry/count-version.js';
export { openReporting } from './telemetry/open-reporting.js';
export { tryBackends } from './try-backends.js';
export { warmModel } from './warm-model.js';
