import type { Figures, FleetLatency } from '../../src/fleet/latency.js';
import type { Moment } from '../bar/moment.js';

/** Returns the figures of the chosen version and segment, or of the whole model. */
export function scopeOf({ selected, total }: FleetLatency): Figures {
  return selected ?? total;
}

/** `digits 1.2.0 on phone` */
export function scopeName({ model, state }: Moment): string {
  const [, segment] = state.segment.split(':');
  return [model, state.version, segment ? `on ${segment}` : ''].filter((one) => one).join(' ');
}
