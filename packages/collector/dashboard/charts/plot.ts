import uPlot from 'uplot';
import { element } from '../element.js';
import { isByDay, type TimeRange } from './axes.js';
import { type LaneEvent, laneElements } from './lane.js';
import { selectByTouch } from './touch-drag.js';

export interface PlotOptions {
  readonly heightPx: number;
  /** Told what time was drawn over. */
  readonly onZoom: (stretch: { fromMs: number; toMs: number }) => void;
  /** Told when the cursor moves, and when something new is drawn. */
  readonly onCursor: () => void;
}

export interface Shown {
  readonly range: TimeRange;
  readonly lane: readonly LaneEvent[];
  /** In words, for who does not see it. */
  readonly description: string;
}

export interface Plot {
  readonly element: HTMLElement;
  /** Position under the cursor; undefined where there is none. */
  cursorIndex(): number | undefined;
  /** @param make everything of the chart that is not the same for all; asked for when `signature` is another one */
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
/** What is drawn over less than this was a click. */
const LEAST_DRAG_PX = 8;

/** What charts over time have in common: size, theme, cursor, the lane above, and zooming by dragging. */
export function createPlot({ heightPx, onZoom, onCursor }: PlotOptions): Plot {
  // said in words by a panel of its own: once is enough for who listens
  const lane = element('ol', { class: 'lane', 'aria-hidden': 'true' });
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
        // one drag is one choice: the others follow the cursor, and select nothing
        sync: { key: SYNC_KEY, filters: { pub: (type) => !/^(mousedown|mouseup)$/.test(type) } },
        points: { show: hasPoints === true, size: 9 },
      },
      scales: {
        x: { time: true, range: () => secondsOf(newest?.range ?? NO_RANGE) },
        y: valueScale,
      },
      // days are UTC's, wherever they are looked at
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
    const items = laneElements(newest.lane, newest.range, area);
    lane.hidden = items.length === 0;
    lane.replaceChildren(...items);
  }

  new ResizeObserver(() => {
    if (place.clientWidth > 0) chart?.setSize({ width: place.clientWidth, height: heightPx });
  }).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => chart?.redraw());

  return {
    element: element('div', {}, lane, place),
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
