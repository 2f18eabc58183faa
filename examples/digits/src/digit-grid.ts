import { DIGIT_SIDE, digitImage, type HeldOutDigit } from './held-out-data.js';
import { part } from './part.js';

/** A digit of 28 pixels and its margin. */
const CELL = 31;
const WRONG = '#e5484d';

/**
 * All digits as a mosaic that lights up as they are read; misread ones are listed above it. One
 * canvas: a thousand of them cost 70 ms a frame without a GPU (measured).
 */
export function createDigitGrid(digits: readonly HeldOutDigit[]) {
  const misread = part('misread', HTMLElement);
  const misreadPart = part('misread-part', HTMLElement);
  const mosaic = createMosaic(part('digits', HTMLCanvasElement), digits);
  misread.replaceChildren();
  misreadPart.hidden = true;

  return {
    mark(index: number, got: string) {
      const digit = digits[index];
      if (!digit) return;
      const right = digit.label === got;
      mosaic.draw(index, right ? 'right' : 'wrong');
      if (right) return;
      misread.append(misreading(digit, got));
      misreadPart.hidden = false;
    },
  };
}

function createMosaic(canvas: HTMLCanvasElement, digits: readonly HeldOutDigit[]) {
  const columns = Math.max(10, Math.floor(canvas.clientWidth / CELL));
  canvas.width = columns * CELL;
  canvas.height = Math.ceil(digits.length / columns) * CELL;
  const context = canvas.getContext('2d', { willReadFrequently: true });

  function draw(index: number, state: 'unread' | 'right' | 'wrong'): void {
    const digit = digits[index];
    if (!context || !digit) return;
    const x = (index % columns) * CELL;
    const y = Math.floor(index / columns) * CELL;
    context.putImageData(digitImage(digit), x, y);
    if (state === 'right') return;
    // Ink stays white on the red of a misread digit; what is not read yet is dim.
    context.globalCompositeOperation = state === 'wrong' ? 'lighten' : 'multiply';
    context.fillStyle = state === 'wrong' ? WRONG : '#555';
    context.fillRect(x, y, DIGIT_SIDE, DIGIT_SIDE);
    context.globalCompositeOperation = 'source-over';
  }

  digits.forEach((_, index) => {
    draw(index, 'unread');
  });
  return { draw };
}

function misreading(digit: HeldOutDigit, got: string): HTMLLIElement {
  const item = document.createElement('li');
  const answer = document.createElement('b');
  answer.textContent = got;
  item.append(picture(digit), `${digit.label} → `, answer);
  return item;
}

function picture(digit: HeldOutDigit): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = DIGIT_SIDE;
  canvas.getContext('2d')?.putImageData(digitImage(digit), 0, 0);
  return canvas;
}
