import { expect, test } from 'vitest';
import { noise } from '../../fixtures/noise.js';
import { photoDecoder } from './decode-photo.js';
import { type Image, imageOnDemand, STRIP_PIXELS } from './image.js';

const [width, height] = [512, (3 * STRIP_PIXELS) / 512];
const rgba = Uint8ClampedArray.from(noise(width * height * 4, 1));

/** A way to decode that takes as many turns as that, notes that it was taken, and gives those pixels. */
function way(name: string, { turns, pixels = rgba }: { turns: number; pixels?: typeof rgba }) {
  const taken: string[] = [];
  const image = imageOnDemand({ width, height, channels: 3 }, ({ y, height }) => {
    for (const endMs = performance.now() + turns; performance.now() < endMs; );
    return { data: pixels.slice(y * width * 4, (y + height) * width * 4), stride: 4 };
  });
  const decode = async (): Promise<Image> => {
    taken.push(name);
    return image;
  };
  return { image, decode, taken };
}

test('the first photo is decoded in both ways, and later ones in the way that took less time', async () => {
  for (const isFrameFaster of [true, false]) {
    const canvas = way('canvas', { turns: isFrameFaster ? 20 : 0 });
    const frame = way('frame', { turns: isFrameFaster ? 0 : 20 });
    const [faster, slower] = isFrameFaster ? [frame, canvas] : [canvas, frame];
    const decode = photoDecoder();
    for (let photo = 1; photo <= 3; photo++) {
      expect(await decode(canvas.decode, frame.decode)).toBe(faster.image);
    }
    expect([faster.taken.length, slower.taken.length]).toEqual([3, 1]);
  }
});

test('a way that gives other pixels is not taken, however fast it is; what alpha says does not matter', async () => {
  const canvas = way('canvas', { turns: 20 });
  for (const [changed, expected] of [
    [0, 'canvas'],
    [STRIP_PIXELS * 4 + 402, 'canvas'],
    [403, 'frame'],
  ] as const) {
    const pixels = rgba.map((value, i) => (i === changed ? 255 - value : value));
    const frame = way('frame', { turns: 0, pixels });
    const decode = photoDecoder();
    await decode(canvas.decode, frame.decode);
    const image = await decode(canvas.decode, frame.decode);
    expect(image).toBe(expected === 'frame' ? frame.image : canvas.image);
  }
});

test('where there is no frame, or it cannot be read, the canvas serves', async () => {
  const canvas = way('canvas', { turns: 0 });
  const broken = async () => Promise.reject(new Error('not by this'));
  for (const byFrame of [async () => undefined, broken]) {
    const decode = photoDecoder();
    expect(await decode(canvas.decode, byFrame)).toBe(canvas.image);
    expect(await decode(canvas.decode, broken)).toBe(canvas.image); // not tried again
  }
});

test('a photo that comes while the first is measured is read by the canvas', async () => {
  const canvas = way('canvas', { turns: 5 });
  const frame = way('frame', { turns: 0 });
  const decode = photoDecoder();
  const both = [decode(canvas.decode, frame.decode), decode(canvas.decode, frame.decode)];
  expect(await both[1]).toBe(canvas.image);
  expect(await both[0]).toBe(frame.image);
});
