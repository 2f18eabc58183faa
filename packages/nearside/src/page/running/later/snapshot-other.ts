import { kindOf, type ModelSpec } from '@nearside/core';
import type { RawSound } from '@nearside/pipeline';
import type { WireInput } from '../../../shared/protocol.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { drawBitmap, isElement, type SnapshotOther, takeArrays } from '../snapshot-input.js';
import { openRemembered } from './remembered-features.js';

/** Takes inputs that are neither tensors nor pictures. Records are completed with features that are remembered. */
export async function openSnapshotOther(
  plan: Pick<OpenPlan, 'prefix' | 'address' | 'store'>,
  { features }: Pick<ModelSpec, 'features'>,
): Promise<SnapshotOther> {
  if (!features) return snapshotOther;
  const { fillIn, remember } = await openRemembered(plan, features);
  const take: SnapshotOther = (input, transfer) => {
    if (kindOf(input) !== 'Object') return snapshotOther(input, transfer); // the worker says what is wrong
    const { record, stale } = fillIn(input as Readonly<Record<string, unknown>>);
    return { kind: 'other', value: structuredClone(record), owned: [], stale };
  };
  return Object.assign(take, { remember });
}

/**
 * Takes a record, sound, or an input for a task of the app's own, as it is now. Elements and canvases become bitmaps,
 * an `AudioBuffer` its samples; everything else crosses as it is.
 *
 * @throws the browser's error for an input that cannot be cloned or drawn
 */
export function snapshotOther(input: unknown, transfer: boolean): WireInput | Promise<WireInput> {
  if (isElement(input)) return drawBitmap(input);
  const value = snapshotSound(input, transfer) ?? (transfer ? input : structuredClone(input));
  return { kind: 'other', value, owned: transferablesIn(value) };
}

const OWNED = ['ArrayBuffer', 'ImageBitmap', 'VideoFrame', 'AudioData'];

/**
 * Finds everything in a value that can be given away instead of copied: buffers, bitmaps, frames and audio data,
 * in plain objects and arrays.
 */
export function transferablesIn(value: unknown): Transferable[] {
  const seen = new Set<object>();
  const found = new Set<Transferable>();

  function visit(inner: unknown): void {
    if (typeof inner !== 'object' || inner === null || seen.has(inner)) return;
    seen.add(inner);
    const owned = ArrayBuffer.isView(inner) ? inner.buffer : inner;
    if (OWNED.includes(kindOf(owned))) found.add(owned as Transferable);
    else if (Array.isArray(inner)) inner.forEach(visit);
    else if (Object.getPrototypeOf(inner) === Object.prototype) Object.values(inner).forEach(visit);
  }

  visit(value);
  return [...found];
}

/**
 * Takes sound as it is now, in a form that can cross to a worker: an `AudioBuffer` as its samples, which are always
 * copied because it keeps them.
 *
 * @returns undefined for an input that is no sound, or crosses like anything else
 */
export function snapshotSound(input: unknown, transfer: boolean): RawSound | AudioData | undefined {
  switch (kindOf(input)) {
    case 'AudioBuffer': {
      const { numberOfChannels, sampleRate: sampleRateHz } = input as AudioBuffer;
      const channels = Array.from({ length: numberOfChannels }, (_, i) =>
        (input as AudioBuffer).getChannelData(i),
      );
      return { samples: takeSamples(channels, false), sampleRateHz };
    }
    case 'AudioData':
      return transfer ? (input as AudioData) : (input as AudioData).clone();
    case 'Object':
      return isRaw(input as object) ? takeRaw(input as RawSound, transfer) : undefined;
    default:
      return undefined;
  }
}

/** True for an object with just these two fields: an input of an app's own task may have more. */
function isRaw(input: object): boolean {
  const { samples, sampleRateHz, ...others } = input as Partial<RawSound>;
  const channels: readonly unknown[] = Array.isArray(samples) ? samples : [samples];
  return (
    Object.keys(others).length === 0 &&
    typeof sampleRateHz === 'number' &&
    channels.every((one) => kindOf(one) === 'Float32Array')
  );
}

function takeRaw({ samples, sampleRateHz }: RawSound, transfer: boolean): RawSound {
  const isMany = Array.isArray(samples);
  const taken = takeSamples(isMany ? samples : [samples as Float32Array], transfer);
  return { samples: isMany ? taken : (taken[0] as Float32Array), sampleRateHz };
}

/** Shared memory, such as a ring that a worklet fills, is always copied. */
function takeSamples(channels: readonly Float32Array[], transfer: boolean): Float32Array[] {
  return takeArrays(channels as readonly Float32Array<ArrayBuffer>[], transfer) as Float32Array[];
}
