/** What reports add to a page, beside the stores, addresses and hashes that it has anyway. */

export { startCounting } from '../../packages/nearside/dist/telemetry/counting.js';
export { startRecording } from '../../packages/nearside/dist/telemetry/recording.js';
export { reportFailedOpen } from '../../packages/nearside/dist/telemetry/report-failed-open.js';
