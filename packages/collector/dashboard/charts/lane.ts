import { element } from '../element.js';
import { formatMoment } from '../words/format.js';

/** An event of a model, or a state for a time. */
export interface LaneEvent {
  readonly kind: 'release' | 'rollout' | 'verdict' | 'alarm' | 'silence';
  readonly fromMs: number;
  /** Null for a moment. */
  readonly toMs: number | null;
  /** A short sentence. */
  readonly text: string;
}

/** Signs tell the kinds apart without colour. */
const SIGNS: Record<LaneEvent['kind'], string> = {
  release: '▲',
  rollout: '▲',
  verdict: '◆',
  alarm: '!',
  silence: '∅',
};

/**
 * Makes a lane of events above a plot.
 *
 * @param area where the plot begins and how wide it is, CSS pixels
 */
export function laneElements(
  events: readonly LaneEvent[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
  area: { left: number; width: number },
): HTMLElement[] {
  const place = (ms: number) =>
    area.left + (area.width * (Math.min(Math.max(ms, fromMs), toMs) - fromMs)) / (toMs - fromMs);
  return events
    .filter((event) => event.fromMs < toMs && (event.toMs ?? event.fromMs) >= fromMs)
    .map((event) => {
      const title = `${formatMoment(event.fromMs)}: ${event.text}`;
      const item = element('li', { class: `event ${event.kind}`, title }, SIGNS[event.kind]);
      item.style.left = `${place(event.fromMs)}px`;
      if (event.toMs !== null) {
        item.classList.add('stretch');
        item.style.width = `${Math.max(18, place(event.toMs) - place(event.fromMs))}px`;
      }
      return item;
    });
}
