/** What reports add to a page, beside the stores, addresses and hashes that it has anyway. */

export { startCounting } from '../../packages/nearside/dist/page/telemetry/later/counting.js';
export { reportFailedOpen } from '../../packages/nearside/dist/page/telemetry/later/reporting.js';
export { startRecording } from '../../packages/nearside/dist/page/telemetry/recording.js';
