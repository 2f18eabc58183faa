import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { NearsideError } from '@nearside/core';
import { DECODE_DEFAULTS, readImageFileSize } from '@nearside/pipeline';

/** RGBA bytes, row-major, alpha not multiplied in. */
export interface Picture {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

type Format = 'JPEG' | 'PNG' | 'WebP';
type Decode = (bytes: Uint8Array<ArrayBuffer>) => Promise<Picture>;

/**
 * A JPEG, PNG or WebP file → its pixels as browsers have them, turned as its EXIF orientation says. They equal Pillow's
 * in every value. A JPEG of four inks (CMYK) and an animated WebP are refused, although browsers show them.
 *
 * @param name of the item, for the message
 * @throws NearsideError `decode-failed` or `input-too-large`
 */
export async function decodePicture(bytes: Uint8Array, name: string): Promise<Picture> {
  const file = Uint8Array.from(bytes); // codecs take a whole buffer
  const format = formatOf(file);
  if (!format) throw failed(name, `${file.length} bytes that are none of these`);
  await requireSize(file, name);
  try {
    return await DECODERS[format](file);
  } catch (cause) {
    const why = cause instanceof CodecError ? cause.message : UNREADABLE[format];
    throw failed(name, `a ${format} of ${file.length} bytes: ${why}`, cause);
  }
}

const DECODERS: Record<Format, Decode> = { JPEG: decodeJpeg, PNG: decodePng, WebP: decodeWebp };

/** The likely fault of a file, where its codec does not say. */
const UNREADABLE: Record<Format, string> = {
  JPEG: 'it is damaged',
  PNG: 'it is damaged or cut off',
  WebP: 'it is damaged, cut off or animated',
};

/** A codec says what is wrong. */
class CodecError extends Error {}

function formatOf(file: Uint8Array): Format | undefined {
  const text = (from: number, to: number) => String.fromCharCode(...file.subarray(from, to));
  if (text(0, 3) === '\xff\xd8\xff') return 'JPEG';
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return 'PNG';
  return text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP' ? 'WebP' : undefined;
}

/** Before anything is decoded: some hundred bytes may say that they are 3,600 million pixels. */
async function requireSize(file: Uint8Array<ArrayBuffer>, name: string): Promise<void> {
  const { maxPixels } = DECODE_DEFAULTS;
  const { width, height } = (await readImageFileSize(new Blob([file]))) ?? { width: 0, height: 0 };
  if (width * height <= maxPixels) return;
  throw new NearsideError(
    'input-too-large',
    `${name}: expected a picture of at most ${maxPixels} pixels, got ${width} × ${height} = ${width * height}. Make it smaller first.`,
    { details: { item: name, width, height, maxPixels } },
  );
}

function failed(name: string, got: string, cause?: unknown): NearsideError {
  const expected = 'a whole picture in JPEG, PNG or WebP';
  return new NearsideError(
    'decode-failed',
    `${name}: expected ${expected}, got ${got}. Save it anew, or take it out of the folder.`,
    { cause, details: { item: name, expected, got } },
  );
}

/** An instance for each file: one that has failed serves no more, and memory that a large file took is given back. */
interface Codec {
  init(module: WebAssembly.Module, options?: object): Promise<void>;
}

async function decodeJpeg(file: Uint8Array<ArrayBuffer>): Promise<Picture> {
  const codec = await import('@jsquash/jpeg/decode.js');
  const words: string[] = [];
  const printErr = (line: string) => words.push(line);
  try {
    await (codec as Codec).init(await compileCodec('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'), {
      printErr,
    });
    const picture = await codec.default(file.buffer, { preserveOrientation: true }); // by turning it
    // Chromium refuses a file that is cut off, and like Firefox and Pillow shows one that is damaged otherwise.
    if (words.some((line) => line.startsWith('Premature end'))) throw new Error('cut off');
    return toPicture(picture);
  } catch (cause) {
    throw new CodecError(words.at(-1) ?? UNREADABLE.JPEG, { cause });
  }
}

async function decodePng(file: Uint8Array<ArrayBuffer>): Promise<Picture> {
  const codec = await import('@jsquash/png/decode.js');
  await codec.init(await compileCodec('@jsquash/png/codec/pkg/squoosh_png_bg.wasm'));
  return turn(toPicture(await codec.default(file.buffer)), orientationOfPng(file));
}

/** It is not turned: Chromium 156 and Firefox 153 ignore the EXIF orientation of a WebP. */
async function decodeWebp(file: Uint8Array<ArrayBuffer>): Promise<Picture> {
  const codec = await import('@jsquash/webp/decode.js');
  await (codec as Codec).init(await compileCodec('@jsquash/webp/codec/dec/webp_dec.wasm'));
  return toPicture(await codec.default(file.buffer));
}

function toPicture({ data, width, height }: ImageData): Picture {
  return { data: data as Uint8ClampedArray<ArrayBuffer>, width, height };
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** Node's `fetch` reads no files, with which these packages would load their own. */
export function compileCodec(path: string): Promise<WebAssembly.Module> {
  const module = compiled.get(path) ?? compileFile(createRequire(import.meta.url).resolve(path));
  compiled.set(path, module);
  return module;
}

async function compileFile(path: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(path));
}

/** From its chunk `eXIf` (https://www.w3.org/TR/png-3/#eXIf), which browsers heed. 1 is upright. */
function orientationOfPng(file: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(file.buffer);
  for (let at = 8; at + 12 <= file.length; at += view.getUint32(at) + 12) {
    if (view.getUint32(at + 4) !== 0x65584966) continue; // eXIf
    try {
      return orientationOfTiff(new DataView(file.buffer, at + 8, view.getUint32(at)));
    } catch {
      return 1; // it says more entries than it has
    }
  }
  return 1;
}

/** Tag 0x0112 of the first directory (TIFF 6.0, section 2; CIPA DC-008, 4.6.5). */
function orientationOfTiff(tiff: DataView): number {
  const isLittle = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, isLittle);
  const entries = tiff.getUint16(directory, isLittle);
  for (let i = 0; i < entries; i += 1) {
    const entry = directory + 2 + 12 * i;
    if (tiff.getUint16(entry, isLittle) === 0x0112) return tiff.getUint16(entry + 8, isLittle);
  }
  return 1;
}

/** @param orientation 2…8 is where the first row and column of the file belong; others turn nothing */
function turn(picture: Picture, orientation: number): Picture {
  if (!(orientation >= 2 && orientation <= 8)) return picture;
  const { width, height } = picture;
  const pixels = new Uint32Array(picture.data.slice().buffer);
  const isOnItsSide = orientation >= 5;
  const [across, down] = isOnItsSide ? [height, width] : [width, height];
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  const turned = new Uint32Array(pixels.length);
  for (let y = 0; y < down; y += 1) {
    for (let x = 0; x < across; x += 1) {
      const [column, row] = isOnItsSide ? [y, x] : [x, y];
      const fromX = fromRight ? width - 1 - column : column;
      const fromY = fromBottom ? height - 1 - row : row;
      turned[y * across + x] = pixels[fromY * width + fromX] as number;
    }
  }
  return { data: new Uint8ClampedArray(turned.buffer), width: across, height: down };
}
