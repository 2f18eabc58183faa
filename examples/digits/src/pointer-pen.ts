import type { Pen } from './draw-board.js';
import type { Point } from './stroke.js';

/** Draws with a mouse, a finger or a pen. */
export function drawWithPointer(canvas: HTMLCanvasElement, pen: Pen): void {
  let drawing: number | undefined;

  canvas.addEventListener('pointerdown', (event) => {
    if (drawing !== undefined || event.button !== 0) return;
    drawing = event.pointerId;
    canvas.setPointerCapture(event.pointerId);
    pen.down(pointOf(event, canvas));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerId !== drawing) return;
    // All positions since the last frame, so that fast curves stay round.
    const events = event.getCoalescedEvents?.() ?? [];
    pen.move((events.length > 0 ? events : [event]).map((each) => pointOf(each, canvas)));
  });
  for (const end of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== drawing) return;
      drawing = undefined;
      pen.up();
    });
  }
}

function pointOf({ clientX, clientY }: PointerEvent, canvas: HTMLCanvasElement): Point {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return { x: (clientX - left) / width, y: (clientY - top) / height };
}
