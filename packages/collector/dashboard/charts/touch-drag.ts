import type uPlot from 'uplot';

/** A finger that moves by less has tapped. */
const LEAST_DRAG_PX = 16;

/**
 * Lets a finger that moves sideways over a chart select a stretch of time. uPlot listens only to a mouse. Up and down
 * the finger scrolls the page.
 */
export function selectByTouch(chart: uPlot): void {
  const { over } = chart;
  let fromPx: number | undefined;
  over.style.touchAction = 'pan-y pinch-zoom';

  function select(toPx: number, isDone: boolean): void {
    if (fromPx === undefined) return;
    const endPx = Math.min(Math.max(toPx, 0), over.clientWidth);
    const [left, width] = [Math.min(fromPx, endPx), Math.abs(endPx - fromPx)];
    chart.setSelect({ left, width, top: 0, height: over.clientHeight }, isDone);
  }

  /** The finger scrolls, is one of two, or has tapped. */
  function leave(): void {
    if (fromPx !== undefined) select(fromPx, false);
    fromPx = undefined;
  }

  over.addEventListener('pointerdown', ({ pointerType, isPrimary, offsetX }) => {
    if (pointerType !== 'touch') return;
    if (isPrimary) fromPx = offsetX;
    else leave();
  });
  over.addEventListener('pointermove', ({ isPrimary, offsetX }) => {
    if (isPrimary) select(offsetX, false);
  });
  over.addEventListener('pointerup', ({ isPrimary, offsetX }) => {
    if (!isPrimary || fromPx === undefined) return;
    if (Math.abs(offsetX - fromPx) < LEAST_DRAG_PX) return leave();
    select(offsetX, true);
    fromPx = undefined;
  });
  over.addEventListener('pointercancel', leave);
}
