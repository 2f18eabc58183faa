import { expect, test } from 'vitest';
import type { Model } from '../../../shared/api/model.js';
import type { Input } from '../../../shared/api/run.js';
import { captureInputs } from './capture-inputs.js';

function painted(): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width: 2, height: 2 });
  canvas.getContext('2d')?.fillRect(0, 0, 2, 2);
  return canvas;
}

async function alphaOf(picture: CanvasImageSource): Promise<number | undefined> {
  const context = new OffscreenCanvas(2, 2).getContext('2d');
  context?.drawImage(picture, 0, 0);
  return context?.getImageData(0, 0, 1, 1).data[3];
}

test('a redact that draws on a picture, or closes it, leaves the model what it was given', async () => {
  const inputs = [
    painted(),
    offscreen(),
    await createImageBitmap(painted()),
    new VideoFrame(painted(), { timestamp: 0 }),
  ];
  const copies: unknown[] = [];
  let seen: number | undefined;
  const model = {
    async run(input: CanvasImageSource) {
      seen = await alphaOf(input);
      return { output: [], meta: { id: 'visit-1', version: '1.0.0' } };
    },
    stats: () => ({ model: 'digits' }),
  } as unknown as Model;
  const redact = (input: Input) => {
    copies.push(input);
    if ('close' in (input as object)) (input as ImageBitmap).close();
    else (input as HTMLCanvasElement).getContext('2d')?.clearRect(0, 0, 2, 2);
    return undefined;
  };
  const { run } = captureInputs(model, { redact });
  for (const input of inputs) {
    await run(input as Input);
    expect(seen).toBe(255);
  }
  expect(copies).toHaveLength(inputs.length);
});

function offscreen(): OffscreenCanvas {
  const canvas = new OffscreenCanvas(2, 2);
  canvas.getContext('2d')?.fillRect(0, 0, 2, 2);
  return canvas;
}

test('copies of bitmaps and frames are closed when redact has looked at them', async () => {
  const frame = new VideoFrame(painted(), { timestamp: 0 });
  const copies: VideoFrame[] = [];
  const result = { output: [], meta: { id: 'visit-1', version: '1.0.0' } };
  const model = { run: async () => result, stats: () => ({}) } as unknown as Model;
  const { run } = captureInputs(model, {
    async redact(input) {
      copies.push(input as VideoFrame);
      await Promise.resolve();
      return (input as VideoFrame).codedWidth;
    },
  });
  await run(frame as unknown as Input);
  await expect.poll(() => copies[0]?.codedWidth).toBe(0);
  expect(frame.codedWidth).toBe(2);
  frame.close();
});
