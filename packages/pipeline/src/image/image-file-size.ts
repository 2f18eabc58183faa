import { BMP } from 'image-size/types/bmp';
import { GIF } from 'image-size/types/gif';
import { HEIF } from 'image-size/types/heif';
import { JPG } from 'image-size/types/jpg';
import { PNG } from 'image-size/types/png';
import { WEBP } from 'image-size/types/webp';
import type { Size } from './target-size.js';

/** Where a JPEG's size stands behind its thumbnail and colour profile, bytes. */
export const HEAD_BYTES = 256 * 1024;

/** Some browser decodes each of these formats; HEIF covers AVIF. */
const FORMATS = [PNG, JPG, WEBP, GIF, HEIF, BMP];

/** Width and height as stored, before any orientation is applied. */
export interface ImageFileSize extends Size {
  /** True where files of this format have no transparency. */
  readonly isOpaque: boolean;
  /** True where the file says that it is not to be turned. */
  readonly isUpright: boolean;
}

/**
 * Reads from the head of an image file how many pixels it will take to decode: 60 kB of PNG may hold
 * 64 million. Reads no more than 256 KiB.
 *
 * @returns undefined where the head does not say: decoding decides
 */
export async function readImageFileSize(file: Blob): Promise<ImageFileSize | undefined> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  try {
    const format = FORMATS.find((one) => one.validate(head));
    const { width, height, orientation = 1 } = format?.calculate(head) ?? {};
    if (!width || !height) return undefined;
    return { width, height, isOpaque: format === JPG, isUpright: orientation === 1 };
  } catch {
    return undefined; // damaged, or cut off before the size
  }
}
