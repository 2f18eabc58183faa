/**
 * The second part of the library: code that an open model needs only after its first result, or that few pages need
 * at all. It is a chunk of its own, which only `import-later.ts` imports.
 */

export { bringOwn, reportFailed } from '../../later/fallback/bring-own.js';
export { planCompared, planUncompared } from '../../later/tuning/compare-with-cpu.js';
export { tuneBeforeOpen } from '../../later/tuning/tuner.js';
export { checkOpening, checkRunOptions } from '../../options/later/check-calls.js';
export { fetchFiles } from '../../options/later/fetch-files.js';
export { refuseUnsigned } from '../../options/later/refuse-unsigned.js';
export { explainFetch } from '../../platform/later/explain-fetch.js';
export { redoLost } from '../../running/later/redo-lost.js';
export { refuseInput } from '../../running/later/refuse-input.js';
export { openSnapshotOther } from '../../running/later/snapshot-other.js';
export { clearStored } from '../../running/later/storage.js';
export { joinEngine } from '../../serving/join-engine.js';
export { openAfterDeaths } from '../../serving/later/open-after-deaths.js';
export { servePool } from '../../serving/later/pooled-serving.js';
export { createReviver } from '../../serving/later/revive.js';
export { serveOther, settleGoneBack } from '../../serving/later/roll-back.js';
export { tryBackends } from '../../serving/later/try-backends.js';
export { startCounting } from '../../telemetry/later/counting.js';
export { answerLate } from './answer-late.js';
export { startBackground } from './background-work.js';
