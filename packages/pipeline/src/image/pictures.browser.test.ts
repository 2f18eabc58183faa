import { describe, expect, test } from 'vitest';
import pictures from '../../fixtures/pictures.json' with { type: 'json' };
import { decodeImage } from './decode-image.js';
import { resize } from './resize.js';

describe('files are decoded as Pillow decodes them', () => {
  test.each(pictures)('$name', async ({ file, size, pixels, resizedSha256 }) => {
    const held: (() => void)[] = [];
    const image = await decodeImage(new Blob([bytesOf(file)]), { defer: (end) => held.push(end) });
    expect([image.width, image.height]).toEqual(size);
    const expected = bytesOf(pixels);
    const off = image.data.map((value, i) => Math.abs(value - (expected[i] as number)));
    expect(Math.max(...off)).toBe(0);
    const small = resize(image, { width: 11, height: 13, resample: 2 });
    expect(await sha256(small.data)).toBe(resizedSha256);
    for (const end of held) end();
  });
});

describe('a file that is no whole picture is refused, and the next is decoded as ever', () => {
  const [name] = pictures;
  const jpeg = bytesOf(name?.file ?? '');
  const decode = (bytes: Uint8Array<ArrayBuffer>) =>
    decodeImage(new Blob([bytes], { type: 'image/jpeg' }), { defer() {} });

  test.each([
    ['an empty file', new Uint8Array()],
    ['a file of two bytes', jpeg.slice(0, 2)],
    ['a file cut off in its first third', jpeg.slice(0, jpeg.length * 0.3)],
    ['a file with other bytes in its tables', damaged(jpeg, 20, 60)],
    [
      'a file with other bytes in its picture',
      damaged(jpeg, jpeg.length * 0.7, jpeg.length * 0.75),
    ],
  ])('%s', async (_, bytes) => {
    await expect(decode(bytes)).rejects.toMatchObject({ code: 'decode-failed' });
    expect((await decode(jpeg)).data).toEqual(new Uint8ClampedArray(bytesOf(name?.pixels ?? '')));
  });

  test('a file cut off near its end is refused, or shows what is there', async () => {
    const cut = decode(jpeg.slice(0, jpeg.length * 0.9)); // Firefox decodes it
    const shown = await cut.catch(({ code }: { code: string }) => code);
    expect(['decode-failed', 33]).toContain(typeof shown === 'string' ? shown : shown.width);
  });
});

/** Every bit the other way round. */
function damaged(bytes: Uint8Array<ArrayBuffer>, from: number, to: number) {
  return bytes.map((byte, i) => (i >= from && i < to ? 255 - byte : byte));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function sha256(data: ArrayLike<number>): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(data));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
