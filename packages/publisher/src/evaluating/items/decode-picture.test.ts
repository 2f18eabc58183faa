import { createHash } from 'node:crypto';
import { decodeImage } from '@nearside/pipeline';
import { describe, expect, test } from 'vitest';
import asBrowsers from '../../../../pipeline/fixtures/pictures.json' with { type: 'json' };
import pictures from '../../../fixtures/pictures.json' with { type: 'json' };
import { decodePicture } from './decode-picture.js';

describe('a picture has the pixels that Pillow decodes, alpha included', () => {
  test.each(pictures)('$name', async ({ name, file, size, sha256 }) => {
    const { data, width, height } = await decodePicture(Buffer.from(file, 'base64'), name);
    expect([width, height]).toEqual(size);
    expect(createHash('sha256').update(data).digest('hex')).toBe(sha256);
  });
});

describe('the library is given the pixels that it has of the same file in a browser', () => {
  const decodable = asBrowsers.filter(({ name }) => !/CMYK|GIF/.test(name));
  test.each(decodable)('$name', async ({ name, file, size, pixels }) => {
    const picture = await decodePicture(Buffer.from(file, 'base64'), name);
    const { data, width, height } = await decodeImage(picture, { defer() {} });
    expect([width, height]).toEqual(size);
    expect(Buffer.from(data).equals(Buffer.from(pixels, 'base64'))).toBe(true);
  });
});

describe('a file that cannot be decoded is refused by the name of its item', () => {
  const [jpeg, cmyk, gif, png, webp] = [/^JPEG/, /CMYK/, /GIF/, /^PNG/, /^WebP/].map((kind) =>
    Buffer.from(asBrowsers.find(({ name }) => kind.test(name))?.file ?? '', 'base64'),
  ) as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const none = 'bytes that are none of these';

  test.each([
    ['an empty file', Buffer.alloc(0), `got 0 ${none}`],
    ['a text', Buffer.from('no picture'), `got 10 ${none}`],
    ['a GIF', gif, none],
    ['a JPEG without its head', cut(jpeg, 0.1), 'no image'],
    ['a JPEG without its end', cut(jpeg, 0.99), 'Premature end of JPEG file'],
    ['a JPEG of four inks', cmyk, 'Unsupported color conversion'],
    ['a PNG without its end', cut(png, 0.9), 'damaged or cut off'],
    ['a PNG with another byte', png.map((byte, i) => (i === 100 ? byte ^ 1 : byte)), 'damaged'],
    ['a WebP without its end', cut(webp, 0.9), 'damaged, cut off or animated'],
  ])('%s', async (_, bytes, message) => {
    await expect(decodePicture(bytes, 'cat/1')).rejects.toMatchObject({
      code: 'decode-failed',
      message: expect.stringMatching(new RegExp(`^cat/1: expected a whole picture .*${message}`)),
    });
    await expect(decodePicture(jpeg, 'cat/2')).resolves.toMatchObject({ width: 33 });
    await expect(decodePicture(png, 'cat/3')).resolves.toMatchObject({ width: 33 });
  });

  test.each([
    ['PNG', png, 16, '0000ea600000ea60'],
    ['JPEG', jpeg, jpeg.indexOf(Buffer.of(0xff, 0xc0)) + 5, 'ea60ea60'],
  ])('a %s that says it is 60,000 × 60,000', async (_, file, at, size) => {
    const bytes = Buffer.from(file);
    bytes.write(size, at, 'hex');
    await expect(decodePicture(bytes, 'cat/1')).rejects.toMatchObject({
      code: 'input-too-large',
      message: expect.stringContaining('cat/1: expected a picture of at most 50000000 pixels, got'),
    });
  });
});

function cut(bytes: Buffer, share: number): Buffer {
  return bytes.subarray(0, bytes.length * share);
}
