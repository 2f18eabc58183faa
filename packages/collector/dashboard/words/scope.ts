import { HOUR_MS } from '../../src/counting/time.js';
import type { Figures, FleetLatency } from '../../src/fleet/latency.js';
import type { Moment } from '../state/moment.js';
import type { Stretch } from '../state/page-state.js';
import { formatMoment } from './format.js';

/** Returns the figures of the chosen version and segment, or of the whole model. */
export function chosenFigures({ selected, total }: FleetLatency): Figures {
  return selected ?? total;
}

/** `digits 1.2.0 on phone` */
export function scopeWords({ model, state }: Moment): string {
  const [, segment] = state.segment.split(':');
  return [model, state.version, segment ? `on ${segment}` : ''].filter((one) => one).join(' ');
}

/** "24 h", "30 days", "8 Mar, 12:00 – 10 Mar, 12:00" */
export function rangeWords({ fromMs, toMs }: Stretch, { state }: Moment): string {
  if (!('key' in state.range)) return `${formatMoment(fromMs)} – ${formatMoment(toMs)}`;
  const hours = Math.round((toMs - fromMs) / HOUR_MS);
  return hours > 48 ? `${Math.round(hours / 24)} days` : `${hours} h`;
}
