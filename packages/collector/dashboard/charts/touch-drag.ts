import type uPlot from 'uplot';

/**
 * A finger that moves sideways over a chart selects a stretch of time, as a mouse does, which is all that uPlot listens to.
 * Up and down it scrolls the page.
 */
export function selectByTouch(chart: uPlot): void {
  const { over } = chart;
  let fromPx: number | undefined;
  over.style.touchAction = 'pan-y';

  function select(toPx: number, isDone: boolean): void {
    if (fromPx === undefined) return;
    const edge = over.clientWidth;
    const [left, right] = [fromPx, Math.min(Math.max(toPx, 0), edge)].sort((a, b) => a - b) as [
      number,
      number,
    ];
    chart.setSelect({ left, width: right - left, top: 0, height: over.clientHeight }, isDone);
  }

  over.addEventListener('pointerdown', ({ pointerType, isPrimary, offsetX }) => {
    if (pointerType === 'touch' && isPrimary) fromPx = offsetX;
  });
  over.addEventListener('pointermove', ({ isPrimary, offsetX }) => {
    if (isPrimary) select(offsetX, false);
  });
  over.addEventListener('pointerup', ({ isPrimary, offsetX }) => {
    if (!isPrimary) return;
    select(offsetX, true);
    fromPx = undefined;
  });
  over.addEventListener('pointercancel', () => {
    if (fromPx !== undefined) select(fromPx, false); // it scrolls, or is taken away
    fromPx = undefined;
  });
}
