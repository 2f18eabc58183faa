import { expect, test } from 'vitest';
import images from '../../fixtures/images.json' with { type: 'json' };
import { decodeImage } from './decode-image.js';
import { readImageFileSize } from './image-file-size.js';

test.each(['image/png', 'image/jpeg', 'image/webp'])(
  'the head of a file of type %s says what the browser decodes',
  async (type) => {
    const canvas = new OffscreenCanvas(321, 123);
    canvas.getContext('2d')?.fillRect(5, 5, 100, 50);
    const file = await canvas.convertToBlob({ type });
    expect(file.type).toBe(type);
    expect(await readImageFileSize(file)).toEqual({
      width: 321,
      height: 123,
      isOpaque: type === 'image/jpeg',
      isUpright: true,
    });
  },
);

test('a JPEG on its side is told as it is stored, and decoded upright', async () => {
  const sideways = new Blob([bytes(images.jpegByOrientation[5] as string)]);
  expect(await readImageFileSize(sideways)).toMatchObject({
    width: 8,
    height: 16,
    isUpright: false,
  });
  expect(await decodeImage(sideways, { defer() {} })).toMatchObject({ width: 16, height: 8 });
});

test('what is no picture, empty or cut off has no size', async () => {
  const png = bytes(images.grayPng);
  for (const file of [new Blob([]), new Blob(['text']), new Blob([png.subarray(0, 18)])]) {
    expect(await readImageFileSize(file)).toBeUndefined();
  }
});

test('a small file that says it has 1.6 thousand million pixels is refused undecoded', async () => {
  const png = bytes(images.grayPng);
  const size = new DataView(png.buffer);
  size.setUint32(16, 40_000); // width in IHDR; its checksum is wrong now, so it could not be decoded
  size.setUint32(20, 40_000);
  await expect(decodeImage(new Blob([png]), { defer() {} })).rejects.toMatchObject({
    code: 'input-too-large',
    details: { width: 40_000, height: 40_000 },
  });
});

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
