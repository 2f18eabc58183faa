import { describe, expect, test, vi } from 'vitest';
import images from '../../fixtures/images.json' with { type: 'json' };
import { noise } from '../../fixtures/noise.js';
import { hasFrames } from './decode-frame.js';
import { type DecodeOptions, decodeImage, type ImageInput } from './decode-image.js';
import type { Image } from './image.js';
import { resize, resizeStrips } from './resize.js';

/** Of most cameras. */
const HD = { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false } as const;

/** The middle of a frame, stretched to all of its size. */
const WIDE = {
  visibleRect: { x: 0, y: 60, width: 640, height: 360 },
  displayWidth: 640,
  displayHeight: 480,
};

const decode = (input: ImageInput, options: Partial<DecodeOptions> = {}) =>
  decodeImage(input, { defer() {}, ...options });

const GRAY_RGB = [...bytes(images.grayBase64)].flatMap((value) => [value, value, value]);

describe('files', () => {
  test('a grey PNG decodes exactly', async () => {
    const image = await decode(file(images.grayPng, 'image/png'));
    expect(image).toMatchObject({ width: 16, height: 12, channels: 3 });
    expect([...image.data]).toEqual(GRAY_RGB);
  });

  test('a File is a Blob, and its type may be missing', async () => {
    const named = new File([bytes(images.grayPng)], 'gray.png');
    expect([...(await decode(named)).data]).toEqual(GRAY_RGB);
  });

  test('an embedded colour space changes no value', async () => {
    const image = await decode(file(images.gammaPng, 'image/png'));
    expect([...image.data]).toEqual(GRAY_RGB);
  });

  test.each(images.jpegByOrientation.map((jpeg, i) => ({ orientation: i + 1, jpeg })))(
    'a JPEG of EXIF orientation $orientation stands upright',
    async ({ jpeg }) => {
      const image = await decode(file(jpeg, 'image/jpeg'));
      expect([image.width, image.height]).toEqual([16, 8]);
      // Within what JPEG loses; a wrong turn would be off by more than 100.
      const expected = bytes(images.uprightBase64);
      const errors = Array.from(image.data, (value, i) =>
        Math.abs(value - (expected[i] as number)),
      );
      expect(Math.max(...errors)).toBeLessThan(12);
    },
  );

  test('a transparent PNG shows over black as Pillow composites it, for every value and alpha', async () => {
    const image = await decode(file(images.transparentPng, 'image/png'));
    expect(await sha256(image)).toBe(images.transparentSha256);
  });

  test('a text file says what it is and what to pass', async () => {
    const text = new Blob(['not a picture'], { type: 'text/plain' });
    await expect(decode(text)).rejects.toMatchObject({
      code: 'decode-failed',
      message: expect.stringMatching(/PNG, JPEG or WebP.*13 bytes of type 'text\/plain'/),
      details: { type: 'text/plain', sizeBytes: 13 },
      cause: expect.any(DOMException),
    });
  });

  test('a truncated header and an empty file fail to decode', async () => {
    const start = new Blob([bytes(images.grayPng).subarray(0, 20)], { type: 'image/png' });
    await expect(decode(start)).rejects.toMatchObject({ code: 'decode-failed' });
    await expect(decode(new Blob([]))).rejects.toMatchObject({ code: 'decode-failed' });
  });

  test('a file with more pixels than allowed is refused before it is decoded', async () => {
    const decodeFile = vi.spyOn(globalThis, 'createImageBitmap');
    const blob = file(images.grayPng, 'image/png');
    await expect(decode(blob, { maxPixels: 16 * 12 - 1 })).rejects.toMatchObject({
      code: 'input-too-large',
      details: { width: 16, height: 12, maxPixels: 191 },
    });
    expect(decodeFile).not.toHaveBeenCalled();
    decodeFile.mockRestore();
  });

  test('the bitmap made on the way is closed when it is needed no more, also when the image is no longer wanted', async () => {
    const close = vi.spyOn(ImageBitmap.prototype, 'close');
    const blob = file(images.jpegByOrientation[0] as string, 'image/jpeg');
    const held: (() => void)[] = [];
    const defer = (release: () => void) => held.push(release);
    const image = await decode(blob, { defer });
    expect(close).not.toHaveBeenCalled();
    for (const release of held.splice(0)) release();
    expect(close).toHaveBeenCalledTimes(1);
    expect(() => image.data).toThrow(expect.objectContaining({ code: 'decode-failed' }));
    const controller = new AbortController();
    const decodeAsBefore = globalThis.createImageBitmap;
    const decodeFile = vi.spyOn(globalThis, 'createImageBitmap').mockImplementation((blob) => {
      controller.abort('no longer wanted');
      return decodeAsBefore(blob as Blob);
    });
    const late = decode(blob, { signal: controller.signal, defer });
    await expect(late).rejects.toBe('no longer wanted');
    for (const release of held) release();
    expect(close).toHaveBeenCalledTimes(2);
    for (const spy of [decodeFile, close]) spy.mockRestore();
  });
});

describe('pixels', () => {
  // Taller than two strips, of odd width, opaque: nothing may round on the way.
  const [width, height] = [1001, 2200];
  const rgba = noise(width * height * 4, 2).map((byte, i) => (i % 4 === 3 ? 255 : byte));
  const imageData = new ImageData(new Uint8ClampedArray(rgba), width, height);
  const rgb = rgba.filter((_, i) => i % 4 !== 3);

  const sources: Record<string, () => Promise<ImageInput> | ImageInput> = {
    'an ImageData': () => imageData,
    'plain RGBA': () => ({ width, height, data: rgba }),
    'an ImageBitmap': () => createImageBitmap(imageData),
    'an OffscreenCanvas': () => paint(new OffscreenCanvas(width, height)),
    'a canvas of the page': () =>
      paint(Object.assign(document.createElement('canvas'), { width, height })),
    'a VideoFrame': () => videoFrame(),
    'a canvas of another realm': () => paint(foreignCanvas()),
  };

  test.each(Object.entries(sources))('%s decodes exactly and stays usable', async (_, make) => {
    const source = await make();
    for (let time = 1; time <= 2; time++) {
      const image = await decode(source);
      expect([image.width, image.height, image.channels]).toEqual([width, height, 3]);
      expect(image.data.every((value, i) => value === rgb[i])).toBe(true);
    }
  });

  test.each([
    ['640 × 480', { codedWidth: 640, codedHeight: 480 }],
    ['1280 × 726', { codedWidth: 1280, codedHeight: 726 }],
    ['HD colours', { codedWidth: 640, codedHeight: 480, colorSpace: HD }],
    ['all levels', { codedWidth: 640, codedHeight: 480, colorSpace: { ...HD, fullRange: true } }],
    ['a part of it is shown', { codedWidth: 640, codedHeight: 480, ...WIDE }],
  ])('copied rows of a camera’s frame are what a canvas shows of it: %s', async (_, size) => {
    const { codedWidth, codedHeight } = size;
    const colors = 2 * Math.ceil(codedWidth / 2) * Math.ceil(codedHeight / 2);
    const layout = { format: 'I420', ...size, timestamp: 0 } as const;
    const frame = new VideoFrame(noise(codedWidth * codedHeight + colors, 3), layout);
    const options = { width: 256, height: 256, resample: 2 } as const;
    const copied = await decodeImage(frame, { isReadOnce: true, defer() {} });
    expect(copied.strips !== undefined).toBe(hasFrames() && !('visibleRect' in size));
    const drawn = resize(await decode(frame), options);
    expect((await resizeStrips(copied, options)).data).toEqual(drawn.data);
    frame.close();
  });

  test('a transparent canvas shows over black in every strip', async () => {
    const canvas = new OffscreenCanvas(1024, 3000);
    const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.fillStyle = 'rgb(255 255 255 / 50%)';
    context.fillRect(0, 0, 1024, 1500);
    const { data } = await decode(canvas);
    const firstEmptyRow = 1500 * 1024 * 3;
    expect(data.subarray(0, firstEmptyRow).every((value) => value === 128)).toBe(true);
    expect(data.subarray(firstEmptyRow).every((value) => value === 0)).toBe(true);
  });

  test('what was closed or transferred away is detached', async () => {
    const bitmap = await createImageBitmap(imageData);
    bitmap.close();
    const frame = videoFrame();
    frame.close();
    const data = new ImageData(4, 4);
    structuredClone(data.data, { transfer: [data.data.buffer] });
    for (const gone of [bitmap, frame, data]) {
      await expect(decode(gone)).rejects.toMatchObject({ code: 'input-detached' });
    }
  });

  test('a canvas without pixels is invalid', async () => {
    const empty = document.createElement('canvas');
    empty.width = 0;
    await expect(decode(empty)).rejects.toMatchObject({ code: 'input-invalid' });
  });

  test('a canvas larger than allowed is refused before it is drawn', async () => {
    const draw = vi.spyOn(OffscreenCanvasRenderingContext2D.prototype, 'drawImage');
    await expect(decode(new OffscreenCanvas(100, 100), { maxPixels: 9_999 })).rejects.toMatchObject(
      { code: 'input-too-large' },
    );
    expect(draw).not.toHaveBeenCalled();
    draw.mockRestore();
  });

  test('a canvas with an image of another origin says why it cannot be read', async () => {
    const canvas = new OffscreenCanvas(4, 4);
    const tainted = vi
      .spyOn(OffscreenCanvasRenderingContext2D.prototype, 'getImageData')
      .mockImplementation(() => {
        throw new DOMException('The canvas has been tainted.', 'SecurityError');
      });
    const image = await decode(canvas);
    expect(() => image.data).toThrow(
      expect.objectContaining({
        code: 'decode-failed',
        message: expect.stringContaining('other origins'),
      }),
    );
    tainted.mockRestore();
  });

  test('an element that is no canvas is invalid and named', async () => {
    await expect(decode(document.createElement('p') as never)).rejects.toMatchObject({
      code: 'input-invalid',
      details: { got: 'HTMLParagraphElement' },
    });
  });

  function paint<Canvas extends OffscreenCanvas | HTMLCanvasElement>(canvas: Canvas): Canvas {
    (canvas.getContext('2d') as CanvasRenderingContext2D).putImageData(imageData, 0, 0);
    return canvas;
  }

  function videoFrame(): VideoFrame {
    const layout = { format: 'RGBX', codedWidth: width, codedHeight: height } as const;
    return new VideoFrame(rgba, { ...layout, timestamp: 0 });
  }

  function foreignCanvas(): HTMLCanvasElement {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const canvas = frame.contentDocument?.createElement('canvas') as HTMLCanvasElement;
    return Object.assign(canvas, { width, height });
  }
});

test('an aborted signal rejects with its reason before anything is decoded', async () => {
  const decodeFile = vi.spyOn(globalThis, 'createImageBitmap');
  const reason = new Error('no longer wanted');
  const blob = file(images.grayPng, 'image/png');
  await expect(decode(blob, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(decodeFile).not.toHaveBeenCalled();
  decodeFile.mockRestore();
});

test('a worker decodes as the page does', async () => {
  const module = new URL('./decode-image.ts', import.meta.url).href;
  const script = `
    import { decodeImage } from '${module}';
    onmessage = async ({ data }) =>
      postMessage((await decodeImage(data, { defer() {} })).data);
    postMessage('ready');`;
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module' });
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    });
  expect(await next()).toBe('ready');
  const blob = file(images.transparentPng, 'image/png');
  worker.postMessage(blob);
  expect(await next()).toEqual((await decode(blob)).data);
  worker.terminate();
  URL.revokeObjectURL(url);
});

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function file(base64: string, type: string): Blob {
  return new Blob([bytes(base64)], { type });
}

async function sha256({ data }: Image): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(data));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
