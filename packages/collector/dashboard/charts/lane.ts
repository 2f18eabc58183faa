import { element } from '../element.js';
import { formatMoment, formatSpan } from '../words/format.js';

/** An event of a model, or a state for a time. */
export interface LaneEvent {
  readonly kind: 'release' | 'back' | 'verdict' | 'finding' | 'silence';
  readonly fromMs: number;
  /** Null for a moment, and `Infinity` where it lasts. */
  readonly toMs: number | null;
  /** A short sentence. */
  readonly text: string;
}

export interface Lane {
  readonly element: HTMLElement;
  /** @param area where the plot begins and how wide it is, CSS pixels */
  show(
    events: readonly LaneEvent[],
    range: { readonly fromMs: number; readonly toMs: number },
    area: { readonly left: number; readonly width: number },
  ): void;
}

/** Signs tell the kinds apart without colour. */
const SIGNS: Record<LaneEvent['kind'], string> = {
  release: '▲',
  back: '▼',
  verdict: '◆',
  finding: '!',
  silence: '∅',
};

const MARK_PX = 24;
/** A stretch that is longer has room for its words. */
const LABELLED_PX = 240;

/** Makes a lane of events above a plot. It is one stop of the tab key, and arrows go from mark to mark. */
export function createLane(): Lane {
  const lane = element('div', { class: 'lane', role: 'group', 'aria-label': 'What happened' });
  let marks: HTMLElement[] = [];
  let shown = '';
  for (const name of ['pointerover', 'focusin', 'click']) {
    lane.addEventListener(name, ({ target }) => {
      if (target !== lane) explain(target as HTMLElement, marks);
    });
  }
  for (const name of ['pointerout', 'focusout']) {
    lane.addEventListener(name, () => bubble?.togglePopover(false));
  }
  lane.addEventListener('keydown', ({ key, target }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const next = step && marks[marks.indexOf(target as HTMLElement) + step];
    if (!next) return;
    // the tab key leaves the lane from the mark that has the focus, and comes back to it
    for (const mark of marks) mark.tabIndex = mark === next ? 0 : -1;
    next.focus();
  });

  return {
    element: lane,
    show(events, { fromMs, toMs }, { left, width }) {
      const seen = events.filter(
        (event) => event.fromMs < toMs && (event.toMs ?? event.fromMs) >= fromMs,
      );
      lane.hidden = seen.length === 0;
      // a mark that has the focus stays while the events are the same
      const next = JSON.stringify(seen);
      if (next !== shown) {
        marks = seen.map(markOf);
        lane.replaceChildren(...marks);
      }
      shown = next;
      const place = (ms: number) =>
        left + (width * (Math.min(Math.max(ms, fromMs), toMs) - fromMs)) / (toMs - fromMs);
      for (const [i, event] of seen.entries()) {
        const lengthPx = event.toMs === null ? 0 : place(event.toMs) - place(event.fromMs);
        const widthPx = Math.max(MARK_PX, lengthPx);
        const { style } = marks[i] as HTMLElement;
        // a long state says what it is; a short one has its sign alone
        marks[i]?.classList.toggle('wide', lengthPx > LABELLED_PX);
        style.left = `${place(event.fromMs) - (widthPx - lengthPx) / 2}px`;
        style.width = `${widthPx}px`;
      }
    },
  };
}

function markOf({ kind, fromMs, toMs, text }: LaneEvent, position: number): HTMLElement {
  return element(
    'button',
    {
      type: 'button',
      class: `event ${kind}${toMs === null ? '' : ' stretch'}`,
      'aria-label': `${whenWords({ fromMs, toMs })}: ${text}`,
      tabindex: position === 0 ? '0' : '-1',
    },
    SIGNS[kind],
    ...(toMs === null ? [] : [element('span', {}, text)]),
  );
}

/** "5 Mar, 12:00", "since 5 Mar, 12:00", "5 Mar, 12:00 – 5 Mar, 14:00 (2 h)" */
function whenWords({ fromMs, toMs }: Pick<LaneEvent, 'fromMs' | 'toMs'>): string {
  if (toMs === null) return formatMoment(fromMs);
  return toMs === Infinity
    ? `since ${formatMoment(fromMs)}`
    : `${formatMoment(fromMs)} – ${formatMoment(toMs)} (${formatSpan(toMs - fromMs)})`;
}

/** One for all lanes, because only one mark is looked at. */
let bubble: HTMLElement | undefined;

/** Says what a mark and those that it covers mean. */
function explain(mark: HTMLElement, marks: readonly HTMLElement[]): void {
  const at = mark.getBoundingClientRect();
  const told = marks.filter((one) => {
    const { left, right } = one.getBoundingClientRect();
    return left < at.right - MARK_PX / 4 && right > at.left + MARK_PX / 4;
  });
  bubble ??= document.body.appendChild(
    element('div', { class: 'bubble', popover: '', role: 'tooltip' }),
  );
  bubble.replaceChildren(...told.map((one) => element('p', {}, one.ariaLabel ?? '')));
  bubble.togglePopover(true);
  bubble.style.left = `min(${at.left}px, 100vw - ${bubble.offsetWidth + 16}px)`;
  bubble.style.top = `${scrollY + at.bottom + 4}px`;
}
