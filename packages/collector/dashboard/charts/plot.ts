import uPlot from 'uplot';
import { element } from '../element.js';
import { isByDay, type TimeRange } from './axes.js';
import { createLane, type LaneEvent } from './lane.js';
import { selectByTouch } from './touch-drag.js';

export interface PlotOptions {
  readonly heightPx: number;
  /** Told of the time that was dragged over. */
  readonly onZoom: (stretch: { fromMs: number; toMs: number }) => void;
  /** Called when the cursor moves, and when something new is drawn. */
  readonly onCursor: () => void;
}

export interface Shown {
  readonly range: TimeRange;
  readonly lane: readonly LaneEvent[];
  /** Describes the chart for screen readers. */
  readonly description: string;
}

export interface Plot {
  readonly element: HTMLElement;
  /** The position under the cursor, or undefined. */
  cursorIndex(): number | undefined;
  /** @param make returns the options of this chart; called when `signature` has changed */
  draw(
    shown: Shown,
    data: uPlot.AlignedData,
    chart: { signature: string; make: () => PlotLook },
  ): void;
}

export type PlotLook = Pick<uPlot.Options, 'series' | 'axes'> & {
  readonly valueScale: uPlot.Scale;
  readonly hasPoints?: boolean;
  readonly draw?: (chart: uPlot) => void;
};

const NO_RANGE: TimeRange = { fromMs: 0, toMs: 1000, stepMs: 1000 };
/** Charts of one page share the cursor. */
const SYNC_KEY = 'nearside';
/** A shorter drag was a click. */
const LEAST_DRAG_PX = 8;

/** Makes the frame of charts over time: size, theme, cursor, the lane above, and zooming by dragging. */
export function createPlot({ heightPx, onZoom, onCursor }: PlotOptions): Plot {
  const lane = createLane();
  const place = element('div', { class: 'plot', role: 'img' });
  place.style.setProperty('--plot-height', `${heightPx}px`);
  let chart: uPlot | undefined;
  let newest: Shown | undefined;
  let drawnSignature = '';

  function options({ valueScale, hasPoints, draw, ...look }: PlotLook): uPlot.Options {
    return {
      ...look,
      width: Math.max(place.clientWidth, 200),
      height: heightPx,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG_PX },
        // a drag is one choice, so the other charts follow the cursor and select nothing
        sync: { key: SYNC_KEY, filters: { pub: (type) => !/^(mousedown|mouseup)$/.test(type) } },
        points: { show: hasPoints === true, size: 9 },
      },
      scales: {
        x: { time: true, range: () => secondsOf(newest?.range ?? NO_RANGE) },
        y: valueScale,
      },
      // days are UTC's in every time zone
      tzDate: (seconds) => {
        const date = new Date(seconds * 1000);
        return isByDay(newest?.range) ? uPlot.tzDate(date, 'UTC') : date;
      },
      hooks: {
        ready: [selectByTouch],
        setCursor: [onCursor],
        setSelect: [zoomTo],
        ...(draw && { drawClear: [draw] }),
        draw: [showLane],
      },
    };
  }

  function zoomTo(drawn: uPlot): void {
    const { left, width } = drawn.select;
    drawn.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    if (width < LEAST_DRAG_PX) return;
    const at = (px: number) => Math.round(drawn.posToVal(px, 'x') * 1000);
    onZoom({ fromMs: at(left), toMs: at(left + width) });
  }

  function showLane(drawn: uPlot): void {
    if (!newest) return;
    const { left, width } = drawn.bbox;
    const area = { left: left / devicePixelRatio, width: width / devicePixelRatio };
    lane.show(newest.lane, newest.range, area);
  }

  new ResizeObserver(() => {
    if (place.clientWidth > 0) chart?.setSize({ width: place.clientWidth, height: heightPx });
  }).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart?.redraw());

  return {
    element: element('div', { class: 'timeline' }, lane.element, place),
    cursorIndex: () => chart?.cursor.idx ?? undefined,
    draw(shown, data, { signature, make }) {
      newest = shown;
      place.setAttribute('aria-label', shown.description);
      if (!chart || signature !== drawnSignature) {
        chart?.destroy();
        chart = new uPlot(options(make()), data, place);
        drawnSignature = signature;
      } else {
        chart.setData(data, false);
        const [min, max] = secondsOf(shown.range);
        chart.setScale('x', { min, max });
      }
      onCursor();
    },
  };
}

function secondsOf({ fromMs, toMs }: TimeRange): [number, number] {
  return [fromMs / 1000, toMs / 1000];
}
