import {
  callerInputs,
  isBuiltInTask,
  type ModelSpec,
  type Tensors,
  tensorsFit,
} from '@nearside/core';
import type { RgbaPixels } from '@nearside/pipeline';
import type { ImageInput, Input, TensorInput } from '../input.js';
import { closePictures, transferablesOf, type WireImage, type WireInput } from '../protocol.js';
import type { snapshotCustom } from './snapshot-custom.js';

export interface SnapshotOptions {
  readonly transfer: boolean;
  /** Takes what is for a task of the app's own. */
  readonly custom?: typeof snapshotCustom | undefined;
  /**
   * Throws for an input that does not fit, or that could not be taken for `cause`; its words may come with
   * the second chunk.
   */
  readonly refuse: (input: unknown, spec: ModelSpec, cause?: unknown) => void | Promise<void>;
}

/**
 * Checks an input and takes it as it is now, so that the caller may change its own at once. With
 * `transfer` it is moved instead of copied, also at once. What was taken is nobody else's: nothing
 * keeps it from being posted any more.
 *
 * @returns at once for tensors, blobs, frames and pixels; a promise for canvases and elements, and for
 *   what does not fit or cannot be taken, which rejects with what `refuse` throws
 */
export function snapshotInput(
  input: Input,
  spec: ModelSpec,
  { refuse, ...options }: SnapshotOptions,
): WireInput | Promise<WireInput> {
  const refused = async (cause?: unknown) => {
    await refuse(input, spec, cause);
    return snapshotTensors((input as TensorInput).tensors, false); // it may think better of tensors
  };
  let cause: unknown;
  try {
    const taken = takeInput(input, spec, options);
    if (taken instanceof Promise) return taken.then(move).catch(refused); // another site's cannot be
    if (taken) return options.transfer ? move(taken) : taken;
  } catch (thrown) {
    cause = thrown;
  }
  return refused(cause);
}

/** @returns with `transfer` what is still the caller's; undefined for what does not fit */
function takeInput(
  input: Input,
  spec: ModelSpec,
  { transfer, custom }: Omit<SnapshotOptions, 'refuse'>,
): WireInput | Promise<WireInput> | undefined {
  if (typeof input === 'object' && input !== null && 'tensors' in input) {
    const { tensors } = input;
    return tensorsFit(tensors, callerInputs(spec)) ? snapshotTensors(tensors, transfer) : undefined;
  }
  if (custom && !isBuiltInTask(spec.task)) return custom(input, transfer);
  return spec.task === 'image-classification' ? snapshotImage(input, transfer) : undefined;
}

/** Copies what is little, and has everything else change its owner. */
function move(input: WireInput): WireInput {
  return structuredClone(input, { transfer: transferablesOf(input) });
}

/** Closes the picture of a snapshot that nobody will run. One that turned out broken has none. */
export function releaseSnapshot(input: WireInput | Promise<WireInput>): void {
  void Promise.resolve(input).then(closePictures, () => {});
}

function snapshotTensors(tensors: Tensors, transfer: boolean): WireInput {
  const entries = Object.entries(tensors).map(([name, { datatype, shape, data }]) => [
    name,
    { datatype, shape: [...shape], data: transfer && isMovable(data) ? data : data.slice() },
  ]);
  return { kind: 'tensors', tensors: Object.fromEntries(entries) };
}

/** Shared memory cannot be given away, so it is copied either way. */
function isMovable(data: object): boolean {
  return 'buffer' in data && data.buffer instanceof ArrayBuffer;
}

/** Pictured at the call, because it cannot cross itself. */
export function isElement(input: unknown): input is HTMLCanvasElement {
  return DRAWABLES.some((name) => name !== 'ImageBitmap' && isA(input, name));
}

export function isDrawable(input: unknown): input is CanvasImageSource {
  return DRAWABLES.some((name) => isA(input, name));
}

/** @returns undefined for what is no picture, or none any more */
function snapshotImage(
  image: ImageInput,
  transfer: boolean,
): WireInput | Promise<WireInput> | undefined {
  if (isA(image, 'Blob')) return wrap(image as Blob);
  if (isClosed(image)) return undefined;
  if (isA(image, 'VideoFrame')) {
    const frame = transfer ? (image as VideoFrame) : (image as VideoFrame).clone();
    return wrap(frame);
  }
  if (isA(image, 'ImageBitmap') && transfer) {
    return wrap(image as ImageBitmap);
  }
  if (isDrawable(image)) return drawBitmap(image);
  if (isPixels(image)) {
    const { width, height } = image;
    const { buffer, byteOffset, length } = image.data;
    const data =
      transfer && isMovable(image.data)
        ? new Uint8ClampedArray(buffer as ArrayBuffer, byteOffset, length)
        : new Uint8ClampedArray(image.data);
    return wrap({ data, width, height });
  }
  return undefined;
}

function wrap(image: WireImage): WireInput {
  return { kind: 'image', image };
}

/** Pictured by the browser, at the call. */
const DRAWABLES = [
  'ImageBitmap',
  'OffscreenCanvas',
  'HTMLCanvasElement',
  'HTMLImageElement',
  'HTMLVideoElement',
];

/** Rejects with what the browser says of a source that has no picture. */
export async function drawBitmap(source: CanvasImageSource): Promise<WireInput> {
  const bitmap = await createImageBitmap(source as ImageBitmapSource, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  });
  return wrap(bitmap);
}

/** A closed bitmap or frame has no size any more; detached pixels have no bytes. */
export function isClosed(image: unknown): boolean {
  if (typeof image !== 'object' || image === null) return false;
  const { width, codedWidth, data } = image as {
    width?: number;
    codedWidth?: number;
    data?: unknown;
  };
  if (isA(image, 'ImageBitmap')) return width === 0;
  if (isA(image, 'VideoFrame')) return codedWidth === 0;
  return ArrayBuffer.isView(data) && data.byteLength === 0 && (width ?? 0) > 0;
}

/** By global name, because Node has few of these classes and a worker not all. */
function isA(value: unknown, className: string): boolean {
  const found = (globalThis as Record<string, unknown>)[className];
  return typeof found === 'function' && value instanceof found;
}

function isPixels(value: unknown): value is RgbaPixels {
  if (typeof value !== 'object' || value === null) return false;
  const { data, width, height } = value as Partial<RgbaPixels>;
  return (
    (data instanceof Uint8ClampedArray || data instanceof Uint8Array) &&
    Number.isInteger(width) &&
    Number.isInteger(height)
  );
}
