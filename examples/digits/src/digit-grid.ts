import { DIGIT_SIDE, digitImage, type HeldOutDigit } from './held-out-data.js';
import { part } from './part.js';

/** All digits as a mosaic that lights up as they are read; misread ones are listed above it. */
export function createDigitGrid(digits: readonly HeldOutDigit[]) {
  const grid = part('digits', HTMLElement);
  const misread = part('misread', HTMLElement);
  const misreadPart = part('misread-part', HTMLElement);
  const cells = digits.map(cell);
  grid.replaceChildren(...cells);
  misread.replaceChildren();
  misreadPart.hidden = true;

  return {
    mark(index: number, got: string) {
      const digit = digits[index];
      const shown = cells[index];
      if (!digit || !shown) return;
      const right = digit.label === got;
      shown.dataset.read = right ? 'right' : 'wrong';
      if (right) return;
      shown.title = `expected ${digit.label}, got ${got}`;
      misread.append(misreading(digit, got));
      misreadPart.hidden = false;
    },
  };
}

function cell(digit: HeldOutDigit): HTMLLIElement {
  const item = document.createElement('li');
  item.title = digit.label;
  item.append(picture(digit));
  return item;
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
