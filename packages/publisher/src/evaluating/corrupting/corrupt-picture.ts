import { compileCodec, decodePicture, type Picture } from '../items/decode-picture.js';
import { drawsOf, normalFrom } from './seeded-draws.js';

/**
 * How badly pictures are corrupted. Noise, blur and JPEG are level 1 of ImageNet-C, whose pictures are 224 × 224; at
 * 32 × 32, in CIFAR-10-C, they are levels 3, 5 and more (Hendrycks and Dietterich, ICLR 2019, and their
 * `make_imagenet_c.py`, `make_cifar_c.py`). The others are our own.
 */
const PICTURE_CORRUPTION = Object.freeze({
  /** Standard deviation, of 255 levels. */
  noise: 0.08 * 255,
  /** Standard deviation of a Gaussian, in pixels that the model sees. */
  blur: 1,
  /** From 1 to 100, of the tables in Annex K of the standard. */
  jpegQuality: 25,
  /** Each edge loses so much of the side, at least and at most, rounded up to pixels. */
  crop: [0.01, 0.05],
});

/** @param grain pixels of the picture for each that the model sees: finer noise is gone once it is resized */
export function addNoise(picture: Picture, seed: number, grain: number): Picture {
  const { width, height } = picture;
  const cell = Math.max(1, Math.round(grain));
  const next = normalFrom(drawsOf(seed));
  const noise = new Float64Array(3 * Math.ceil(width / cell));
  const data = picture.data.slice();
  for (let y = 0; y < height; y += 1) {
    if (y % cell === 0) for (let i = 0; i < noise.length; i += 1) noise[i] = next();
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      const from = 3 * Math.floor(x / cell);
      for (let c = 0; c < 3; c += 1) {
        const more = (noise[from + c] as number) * PICTURE_CORRUPTION.noise;
        data[at + c] = Math.round((data[at + c] as number) + more); // clamped to a byte
      }
    }
  }
  return { ...picture, data };
}

/**
 * Three extended boxes one after the other, rows first. It equals Pillow's `GaussianBlur` in every value, for 149 of 150
 * deviations that were tried; Pillow rounds to FP32 in more places.
 */
export function blur(picture: Picture, grain: number): Picture {
  const { width, height } = picture;
  const box = extendedBox(PICTURE_CORRUPTION.blur * grain);
  const data = picture.data.slice();
  for (let c = 0; c < 3; c += 1) {
    for (let y = 0; y < height; y += 1) {
      blurLine(data, { start: y * width * 4 + c, step: 4, length: width }, box);
    }
    for (let x = 0; x < width; x += 1) {
      blurLine(data, { start: x * 4 + c, step: width * 4, length: height }, box);
    }
  }
  return { ...picture, data };
}

const BOXES = 3;

/** A box that reaches `radius` to both sides with a whole weight, and one further with `outer`, of 2²⁴. */
interface Box {
  readonly radius: number;
  readonly inner: number;
  readonly outer: number;
}

/** Gwosdek et al., Theoretical Foundations of Gaussian Convolution by Extended Box Filtering (SSVM 2011), 3.1. */
function extendedBox(deviation: number): Box {
  const variance = (deviation * deviation) / BOXES;
  const radius = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2);
  const next = radius + 1;
  const part = ((2 * radius + 1) * (radius * next - 3 * variance)) / (6 * (variance - next * next));
  const inner = Math.fround(2 ** 24 / (2 * (radius + part) + 1)) >>> 0; // FP32, as in Pillow
  return { radius, inner, outer: Math.floor((2 ** 24 - (2 * radius + 1) * inner) / 2) };
}

interface Line {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

function blurLine(data: Uint8ClampedArray, { start, step, length }: Line, box: Box): void {
  const { radius, inner, outer } = box;
  const edge = radius + 1;
  const padded = new Uint8Array(length + 2 * edge);
  for (let i = 0; i < length; i += 1) padded[edge + i] = data[start + i * step] as number;
  const blurred = new Uint8Array(length);
  for (let pass = 0; pass < BOXES; pass += 1) {
    padded.fill(padded[edge] as number, 0, edge);
    padded.fill(padded[edge + length - 1] as number, edge + length);
    let sum = 0;
    for (let i = 1; i <= 2 * radius + 1; i += 1) sum += padded[i] as number;
    for (let i = 0; i < length; i += 1) {
      const [first, last] = [padded[i] as number, padded[i + 2 * edge] as number];
      blurred[i] = (sum * inner + (first + last) * outer + 2 ** 23) >>> 24;
      sum += last - (padded[i + 1] as number);
    }
    padded.set(blurred, edge);
  }
  for (let i = 0; i < length; i += 1) data[start + i * step] = blurred[i] as number;
}

/** As a hand that holds the camera otherwise. */
export function crop({ data, width, height }: Picture, seed: number): Picture {
  const draw = drawsOf(seed);
  const [least, most] = PICTURE_CORRUPTION.crop as [number, number];
  const cut = (side: number) =>
    Math.min(Math.ceil(side * (least + draw() * (most - least))), (side - 1) >> 1);
  const [left, right, top, bottom] = [cut(width), cut(width), cut(height), cut(height)];
  const size = { width: width - left - right, height: height - top - bottom };
  const rest = new Uint8ClampedArray(size.width * size.height * 4);
  for (let y = 0; y < size.height; y += 1) {
    const start = ((top + y) * width + left) * 4;
    rest.set(data.subarray(start, start + size.width * 4), y * size.width * 4);
  }
  return { data: rest, ...size };
}

/** Half of each value: two stops too few, of light that is encoded with a gamma of 2.2. */
export function darken(picture: Picture): Picture {
  return { ...picture, data: picture.data.map((value, i) => (i % 4 === 3 ? value : value >> 1)) };
}

/** As a JPEG of low quality and read again. Transparency stays, which JPEG has not. */
export async function compress(picture: Picture): Promise<Picture> {
  const codec = await import('@jsquash/jpeg/encode.js');
  const module = await compileCodec('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm');
  await (codec.init as (module: WebAssembly.Module) => Promise<void>)(module);
  const file = await codec.default(picture as ImageData, {
    quality: PICTURE_CORRUPTION.jpegQuality,
    quant_table: 0, // Annex K
    progressive: false,
    auto_subsample: false, // 4:2:0 whatever the quality
  });
  const { data } = await decodePicture(new Uint8Array(file), 'a compressed picture');
  for (let i = 3; i < data.length; i += 4) data[i] = picture.data[i] as number;
  return { ...picture, data };
}
