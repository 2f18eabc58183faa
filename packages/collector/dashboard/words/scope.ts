import type { Figures, FleetLatency } from '../../src/fleet/latency.js';
import type { Moment } from '../bar/moment.js';

/** What version and segment choose; the whole model where neither is chosen. */
export function scopeOf({ selected, total }: FleetLatency): Figures {
  return selected ?? total;
}

/** `digits 1.2.0 on phone` */
export function scopeName({ model, state }: Moment): string {
  const [, segment] = state.segment.split(':');
  return [model, state.version, segment ? `on ${segment}` : ''].filter((one) => one).join(' ');
}
