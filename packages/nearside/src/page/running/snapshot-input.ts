import {
  callerInputs,
  type FeatureRecord,
  kindOf,
  type ModelSpec,
  type Tensor,
  type Tensors,
  tensorsFit,
} from '@nearside/core';
import type { RgbaPixels } from '@nearside/pipeline';
import type { ImageInput, Input } from '../../shared/api/run.js';
import {
  closePictures,
  transferablesOf,
  type WireImage,
  type WireInput,
} from '../../shared/protocol.js';

/** @throws the browser's error for an input that cannot be cloned or drawn */
export interface SnapshotOther {
  (input: unknown, transfer: boolean): WireInput | Promise<WireInput>;
  /** Keeps features for records that leave them out; undefined for a model that takes no records. */
  readonly remember?: (record: FeatureRecord) => Promise<void>;
}

export interface SnapshotOptions {
  readonly transfer: boolean;
  /** Takes a record, sound, or the input of a task of the app's own. */
  readonly takeOther?: SnapshotOther | undefined;
  /**
   * Throws for an input that does not fit, or that could not be taken for `cause`; its words may come with
   * the second part.
   */
  readonly refuse: (input: unknown, spec: ModelSpec, cause?: unknown) => Promise<never>;
}

/**
 * Checks an input and takes it as it is now, so that the caller may change its own at once. With
 * `transfer` it is moved instead of copied, also at once. The snapshot is nobody else's, so that it can
 * always be posted.
 *
 * @returns at once for tensors, blobs, frames and pixels; a promise for canvases and elements, and for
 *   an input that does not fit or cannot be taken, which rejects with the error of `refuse`
 */
export function snapshotInput(
  input: Input,
  spec: ModelSpec,
  { refuse, ...options }: SnapshotOptions,
): WireInput | Promise<WireInput> {
  const refused = async (cause?: unknown) => refuse(input, spec, cause);
  let cause: unknown;
  try {
    const taken = takeInput(input, spec, options);
    // A canvas with another site's pixels cannot be taken.
    if (taken instanceof Promise) return taken.then(move).catch(refused);
    if (taken) return taken;
  } catch (thrown) {
    cause = thrown;
  }
  return refused(cause);
}

/** The first chunk takes the pictures of these tasks; `later/snapshot-other.ts` takes those of others, such as detection. */
export const PICTURE_TASKS = ['image-classification', 'ocr'];

/** True where inputs are taken by `later/snapshot-other.ts`, unless they are tensors. */
export function takesOthers({ task }: ModelSpec): boolean {
  return task !== 'tensors' && !PICTURE_TASKS.includes(task);
}

/** @returns undefined for an input that does not fit */
function takeInput(
  input: Input,
  spec: ModelSpec,
  { transfer, takeOther }: Omit<SnapshotOptions, 'refuse'>,
): WireInput | Promise<WireInput> | undefined {
  if (typeof input === 'object' && input !== null && 'tensors' in input) {
    const tensors = readTensors(input.tensors as Tensors);
    return tensorsFit(tensors, callerInputs(spec)) ? snapshotTensors(tensors, transfer) : undefined;
  }
  if (!takeOther) {
    return spec.task === 'tensors' ? undefined : snapshotImage(input as ImageInput, transfer);
  }
  const taken = takeOther(input, transfer);
  return transfer && !(taken instanceof Promise) ? move(taken) : taken;
}

/** Clones the value, and moves its buffers and pictures. */
function move(input: WireInput): WireInput {
  return structuredClone(input, { transfer: transferablesOf(input) });
}

/** Closes the picture of a snapshot that nobody will run. */
export function releaseSnapshot(input: WireInput | Promise<WireInput>): void {
  void Promise.resolve(input).then(closePictures, () => {});
}

type Own<Type> = { -readonly [Field in keyof Type]: Type[Field] };

/** Reads everything once: getters could give another value after the check. */
function readTensors(tensors: Tensors): Record<string, Own<Tensor>> {
  const entries = Object.entries(tensors).map(([name, { datatype, shape, data }]) => [
    name,
    { datatype, shape: Array.isArray(shape) && [...shape], data },
  ]);
  return Object.fromEntries(entries);
}

function snapshotTensors(tensors: Record<string, Own<Tensor>>, transfer: boolean): WireInput {
  const own = Object.values(tensors);
  const taken = takeArrays(
    own.map(({ data }) => data),
    transfer,
  );
  for (const [i, tensor] of own.entries()) tensor.data = taken[i] as never;
  return { kind: 'tensors', tensors };
}

/** True for an element or a canvas, which is drawn at the call because it cannot cross itself. */
export function isElement(input: unknown): input is HTMLCanvasElement {
  return isDrawable(input) && kindOf(input) !== 'ImageBitmap';
}

export function isDrawable(input: unknown): input is CanvasImageSource {
  return DRAWABLES.includes(kindOf(input));
}

/** @returns undefined for an input that is no picture, or none any more */
function snapshotImage(
  image: ImageInput,
  transfer: boolean,
): WireInput | Promise<WireInput> | undefined {
  const kind = kindOf(image);
  if (kind === 'Blob' || kind === 'File') return wrap(image as Blob);
  if (isClosed(image)) return undefined;
  if (kind === 'VideoFrame') {
    return transfer ? move(wrap(image as VideoFrame)) : wrap((image as VideoFrame).clone());
  }
  if (kind === 'ImageBitmap' && transfer) return move(wrap(image as ImageBitmap));
  if (isDrawable(image)) return drawBitmap(image);
  return snapshotPixels((image ?? {}) as Partial<RgbaPixels>, transfer);
}

function snapshotPixels(
  { data, width, height }: Partial<RgbaPixels>,
  transfer: boolean,
): WireInput | undefined {
  if (!/^Uint8(Clamped)?Array$/.test(kindOf(data))) return undefined;
  if (!Number.isInteger(width) || !Number.isInteger(height)) return undefined;
  const [taken] = takeArrays([data as Uint8ClampedArray], transfer) as [
    Uint8ClampedArray<ArrayBuffer>,
  ];
  const { buffer, byteOffset, length } = taken;
  const bytes = new Uint8ClampedArray(buffer, byteOffset, length);
  return wrap({ data: bytes, width: width as number, height: height as number });
}

function wrap(image: WireImage): WireInput {
  return { kind: 'image', image };
}

/** `createImageBitmap` takes these. */
const DRAWABLES = [
  'ImageBitmap',
  'OffscreenCanvas',
  'HTMLCanvasElement',
  'HTMLImageElement',
  'HTMLVideoElement',
];

/** Rejects with the browser's error for a source that has no picture. */
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
  if (kindOf(image) === 'ImageBitmap') return width === 0;
  if (kindOf(image) === 'VideoFrame') return codedWidth === 0;
  return ArrayBuffer.isView(data) && data.byteLength === 0 && (width ?? 0) > 0;
}

type Data = Tensor['data'] | Uint8ClampedArray;

/**
 * Takes arrays as they are now: copies of them, or with `transfer` themselves. Memory that cannot be given
 * away, which is shared or WebAssembly's, is copied either way. Only a try tells, so each memory is moved by
 * itself: a failure would lose the others.
 */
export function takeArrays(arrays: readonly Data[], transfer: boolean): Data[] {
  const taken = new Map<Data, Data | undefined>();
  for (const array of arrays) {
    if (taken.has(array)) continue;
    const memory = memoryOf(array);
    const beside = arrays.filter((other) => memoryOf(other) === memory);
    const moved = transfer ? moveArrays(beside, memory) : undefined;
    for (const [i, one] of beside.entries()) taken.set(one, moved?.[i] ?? copy(one));
  }
  return arrays.map((array) => taken.get(array) as Data);
}

/** Browsers have `transfer` since 2023 or 2024. */
type Movable = ArrayBuffer & { transfer?(): ArrayBuffer };

function memoryOf(data: Data): Movable | undefined {
  return (data as { buffer?: Movable }).buffer;
}

/** A whole buffer is moved with `transfer` where there is one: cloning costs as much as a small run. */
function moveArrays(arrays: Data[], memory: Movable | undefined): Data[] | undefined {
  const [first] = arrays as [Exclude<Data, string[]>];
  try {
    const isWhole = arrays.length === 1 && first.byteLength === memory?.byteLength;
    const own = isWhole && memory?.transfer?.();
    return own
      ? [anew(first, own)]
      : structuredClone(arrays, { transfer: [memory as ArrayBuffer] });
  } catch {
    return undefined;
  }
}

/** Node's Buffer does not copy in `slice`. */
function copy(data: Data): Data {
  return Array.isArray(data) ? [...data] : anew(data, data);
}

/** Makes an array of the same type, of this realm. */
function anew(data: Data, content: Data | ArrayBuffer): Data {
  const types = globalThis as unknown as Record<string, new (of: typeof content) => Data>;
  return new (types[kindOf(data)] as new (of: typeof content) => Data)(content);
}
