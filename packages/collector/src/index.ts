export type { AccessOptions } from './access/access.js';
export type { Figures, FleetLatency, FleetPoint, VersionFigures } from './fleet/latency.js';
export type { Refusal, RefusalCode } from './refusal.js';
export { type Collector, type CollectorOptions, startCollector } from './start-collector.js';
export { StartError, type StartErrorCode } from './start-error.js';
