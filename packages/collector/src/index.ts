export type { AccessOptions } from './access/access.js';
export type { Figures, FleetLatency, FleetPoint, VersionFigures } from './fleet/latency.js';
export type { Refusal, RefusalCode } from './refusals/refusal.js';
export { StartError, type StartErrorCode } from './refusals/start-error.js';
export { type Collector, type CollectorOptions, startCollector } from './server/start-collector.js';
