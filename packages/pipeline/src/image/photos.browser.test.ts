import { describe, expect, test } from 'vitest';
import photos from '../../fixtures/photos.json' with { type: 'json' };
import { compilePipeline } from '../pipeline.js';
import { decodeFrame, stripsOfFrame } from './decode-frame.js';
import { type DecodeOptions, decodeImage } from './decode-image.js';
import { stripsOf } from './image.js';
import { resize, resizeStrips } from './resize.js';

const TO = { width: 224, height: 168, resample: 2 } as const;

describe('photos become what Pillow makes of them, in whatever way they are read', () => {
  test.each(photos)('$name', async ({ file, size, sha256, resizedSha256 }) => {
    const held: (() => void)[] = [];
    const decode = (options: Partial<DecodeOptions>) =>
      decodeImage(fileOf(file), { ...options, defer: (end) => held.push(end) });
    const image = await decode({});
    expect([image.width, image.height]).toEqual(size);
    expect(await hash(image.data)).toBe(sha256);
    expect(await hash(resize(image, TO).data)).toBe(resizedSha256);
    for (const visit of ['the first', 'a later one']) {
      const photo = await decode({ isReadOnce: true });
      expect(await hash((await resizeStrips(photo, TO)).data), visit).toBe(resizedSha256);
      expect(await hash(photo.data), visit).toBe(sha256);
    }
    for (const end of held) end();
  });
});

describe('rows of a frame are the pixels, and a frame that would have to be turned is none', () => {
  test.each(photos)('$name', async ({ name, file, size: [, height = 0], sha256 }) => {
    const isMade = 'rotation' in VideoFrame.prototype && !name.startsWith('orientation');
    for (let visit = 0; visit < 5; visit++) {
      const again = await decodeFrame(fileOf(file));
      expect(again !== undefined).toBe(isMade);
      again?.close();
    }
    const frame = await decodeFrame(fileOf(file));
    if (!frame) return;
    const rgb: number[] = [];
    let rows = 0;
    for await (const strip of stripsOfFrame(frame)) {
      expect(strip.y).toBe(rows);
      rows += strip.rows;
      for (let i = 0; i < strip.data.length; i += 4) {
        const [blue = 0, green = 0, red = 0] = strip.data.subarray(i, i + 3);
        rgb.push(red, green, blue);
      }
    }
    frame.close();
    expect(rows).toBe(height);
    expect(await hash(rgb)).toBe(sha256);
  });
});

const pipelineWith = (decode: object, size: object) =>
  compilePipeline({
    name: 'photos',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3, -1, -1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    preprocessing: [
      { step: 'decode-image', ...decode },
      { step: 'resize', size, resample: 3 },
      { step: 'rescale', rescale_factor: 1 / 255 },
      { step: 'normalize', image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] },
      { step: 'to-tensor', layout: 'NCHW' },
    ],
    postprocessing: [],
    limits: { memoryBytes: 1 },
  });

test('a file makes the tensor that its pixels make', async () => {
  const pipeline = pipelineWith({}, { height: 168, width: 224 });
  const file = fileOf(photos[0]?.file ?? '');
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' });
  const tensorOf = async (input: unknown) => {
    const [item] = (await pipeline.begin().prepare(input)).items;
    const data = item?.x?.data;
    return hash(new Uint8Array(data instanceof Float32Array ? data.buffer : []));
  };
  const expected = await tensorOf(bitmap);
  for (let visit = 0; visit < 3; visit++) expect(await tensorOf(file)).toBe(expected);
  expect(await tensorOf(fileOf(photos[2]?.file ?? ''))).not.toBe(expected);
});

describe('reduced', () => {
  const least = (times: number) => () => ({ width: 224 * times, height: 168 * times });
  const decode = (file: string, times: number) =>
    decodeImage(fileOf(file), { isReadOnce: true, least: least(times), defer() {} });

  test.each(photos)(
    '$name: hard edges differ by some levels, and all else hardly',
    async ({ name, file, size }) => {
      const exact = resize(await decodeImage(fileOf(file), { defer() {} }), TO).data;
      for (const [times, levels, onAverage] of [
        [2, 48, 0.5],
        [4, 12, 0.1],
      ] as const) {
        const image = await decode(file, times);
        const isSmaller = 'rotation' in VideoFrame.prototype && !name.startsWith('orientation');
        expect(image.full !== undefined).toBe(isSmaller);
        expect([image.full?.width ?? image.width, image.full?.height ?? image.height]).toEqual(
          size,
        );
        const { data } = await resizeStrips(image, TO);
        const off = Array.from(data, (value, i) => Math.abs(value - (exact[i] as number)));
        const most = off.reduce((one, other) => Math.max(one, other));
        const mean = off.reduce((one, other) => one + other) / off.length;
        expect(most).toBeLessThanOrEqual(isSmaller ? levels : 0);
        expect(mean).toBeLessThan(onAverage);
      }
    },
  );

  test('the tensor has the shape that the whole would have, and the picture given is what is observed', async () => {
    const file = fileOf(photos[0]?.file ?? '');
    for (const decode of [{}, { reduced: 2 }, { reduced: 4 }]) {
      const prepared = await pipelineWith(decode, { shortest_edge: 101 }).begin().prepare(file);
      expect(prepared.items[0]?.x?.shape).toEqual([1, 3, 101, Math.floor((101 * 1200) / 900)]);
      const outputs = {
        y: { datatype: 'FP32', shape: [1, 2], data: Float32Array.of(0, 1) },
      } as const;
      const finished = await prepared.finish([outputs]);
      const { observed } = finished as { observed: ReadonlyMap<string, number> };
      expect([observed.get('megapixels'), observed.get('aspect')]).toEqual([1.08, 1200 / 900]);
    }
  });

  test('both sides are at least what is needed, and a photo that is small enough is decoded in full', async () => {
    const { file = '' } = photos[0] ?? {};
    for (const least of [
      { width: 10, height: 800 },
      { width: 301, height: 10 },
      { width: 1200, height: 10 },
      { width: 10, height: 5000 },
    ]) {
      const image = await decodeImage(fileOf(file), {
        isReadOnce: true,
        least: () => least,
        defer() {},
      });
      expect(image.width).toBeGreaterThanOrEqual(Math.min(1200, least.width));
      expect(image.height).toBeGreaterThanOrEqual(Math.min(900, least.height));
      if (least.width >= 1200 || least.height >= 900) expect(image.full).toBeUndefined();
    }
  });
});

describe('a photo that is no whole picture is refused, in whatever way it is read', () => {
  const bytes = bytesOf(photos[0]?.file ?? '');
  const codeOf = (file: Uint8Array<ArrayBuffer>, isReadOnce: boolean) =>
    decodeImage(new Blob([file]), { isReadOnce, defer() {} }).then(
      () => 'decoded',
      ({ code }: { code: string }) => code,
    );

  test('with other bytes in its tables', async () => {
    const broken = bytes.map((byte, i) => (i > 30 && i < 80 ? ~byte : byte));
    expect(await codeOf(broken, true)).toBe('decode-failed');
    expect(await codeOf(broken, false)).toBe('decode-failed');
  });

  test('cut off in its first third, which Firefox decodes', async () => {
    const cut = bytes.slice(0, bytes.length * 0.3);
    const code = 'rotation' in VideoFrame.prototype ? 'decode-failed' : 'decoded';
    expect(await codeOf(cut, true)).toBe(code);
    expect(await codeOf(cut, false)).toBe(code);
  });

  test('a photo of 100 megapixels is refused by its head', async () => {
    const large = bytes.slice();
    const at = large.findIndex((byte, i) => byte === 0xff && large[i + 1] === 0xc0); // start of frame
    new DataView(large.buffer).setUint32(at + 5, (10_000 << 16) | 10_000); // height, width
    for (const isReadOnce of [true, false]) {
      const decoded = decodeImage(new Blob([large]), { isReadOnce, defer() {} });
      await expect(decoded).rejects.toMatchObject({
        code: 'input-too-large',
        details: { width: 10_000, height: 10_000, maxPixels: 50_000_000 },
      });
    }
  });
});

function fileOf(base64: string): Blob {
  return new Blob([bytesOf(base64)], { type: 'image/jpeg' });
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function hash(data: ArrayLike<number>): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(data));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

test.each([1000, 1001, 4032])(
  'a photo of %i columns is read in strips of as many rows in both ways, which are compared',
  async (width) => {
    const context = new OffscreenCanvas(width, 600).getContext(
      '2d',
    ) as OffscreenCanvasRenderingContext2D;
    context.fillStyle = 'teal';
    context.fillRect(9, 9, 500, 500);
    const file = await context.canvas.convertToBlob({ type: 'image/jpeg' });
    const frame = await decodeFrame(file);
    if (!frame) return;
    const byFrame: number[] = [];
    for await (const { rows } of stripsOfFrame(frame)) byFrame.push(rows);
    frame.close();
    const drawn = await decodeImage(await createImageBitmap(file), { defer() {} });
    expect(byFrame).toEqual([...stripsOf(drawn)].map(({ rows }) => rows));
  },
);
