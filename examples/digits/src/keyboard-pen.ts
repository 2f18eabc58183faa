import type { DrawBoard } from './draw-board.js';
import type { Point } from './stroke.js';

/** Each press moves it by this share of the board's side. */
const STEP = 0.04;

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};

/** Draws with the arrow keys; the space bar lowers and lifts the pen, Escape wipes the board. */
export function drawWithKeyboard(
  canvas: HTMLCanvasElement,
  { board, onClear }: { board: DrawBoard; onClear: () => void },
): void {
  let cursor: Point = { x: 0.5, y: 0.2 };
  let down = false;

  function lift(): void {
    if (down) board.up();
    down = false;
  }

  canvas.addEventListener('keydown', (event) => {
    const direction = DIRECTIONS[event.key];
    if (direction) {
      cursor = { x: clamp(cursor.x + direction.x), y: clamp(cursor.y + direction.y) };
      if (down) board.move([cursor]);
    } else if (event.key === ' ') {
      if (down) lift();
      else {
        board.down(cursor);
        down = true;
      }
    } else if (event.key === 'Escape') {
      lift();
      onClear();
    } else return;
    event.preventDefault();
    board.showCursor(cursor);
  });
  canvas.addEventListener('pointerdown', () => {
    lift();
    board.showCursor(undefined);
  });
  canvas.addEventListener('blur', () => {
    lift();
    board.showCursor(undefined);
  });
}

function clamp(value: number): number {
  return Math.min(0.92, Math.max(0.08, value));
}
