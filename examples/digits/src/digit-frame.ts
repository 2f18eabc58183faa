/**
 * How the digits of MNIST lie in their 28 × 28 pixels: the ink fits a box of 20, and its centre of
 * mass is in the middle (LeCun, http://yann.lecun.com/exdb/mnist/). The same here, at four times
 * the size, so that the model's own resize has something to smooth.
 */
export const DIGIT_FRAME = Object.freeze({ sidePixels: 4 * 28, inkPixels: 4 * 20 });

/** A black square of the frame's size to put a digit on. */
export function createFrame(): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = DIGIT_FRAME.sidePixels;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('Expected a canvas that can be drawn on, got none.');
  context.fillStyle = '#000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  return context;
}
