import { NearsideError } from '@nearside/core';
import type { Sound } from './sound.js';

/** How a WAV file says what its samples are (`mmreg.h`: WAVE_FORMAT_PCM, _IEEE_FLOAT, _EXTENSIBLE). */
const PCM = 1;
const IEEE_FLOAT = 3;
const EXTENSIBLE = 0xfffe;

interface WavFormat {
  /** {@link PCM} or {@link IEEE_FLOAT}. */
  readonly tag: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  readonly bytesPerSample: number;
}

/**
 * A WAV file → samples of each channel: PCM of 8, 16, 24 or 32 bits, divided by 2 to the bits less one, and floats
 * of 32 or 64 bits as they are (RIFF, "Multiple Channel Audio Data and WAVE Files").
 *
 * @param type of the file as the browser knows it, for the message
 * @throws NearsideError `decode-failed` for other files and codecs, and for one that says it is longer than it is
 * @param requireLength throws for more samples, over all channels, than there may be: before they are read
 */
export function readWav(
  bytes: ArrayBuffer,
  type: string,
  requireLength: (samples: number) => void = () => {},
): Sound {
  const view = new DataView(bytes);
  if (nameAt(view, 0) !== 'RIFF' || nameAt(view, 8) !== 'WAVE') {
    throw failed(
      `a WAV file, got ${bytes.byteLength} bytes ${type === '' ? 'without a type' : `of type '${type}'`} that are none. Decode it first with AudioContext.decodeAudioData, and pass the AudioBuffer`,
    );
  }
  let format: WavFormat | undefined;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const name = nameAt(view, at);
    const length = view.getUint32(at + 4, true);
    const start = at + 8;
    const left = bytes.byteLength - start;
    if ((name === 'fmt ' || name === 'data') && length > left) {
      throw failed(`${length} bytes of '${name}' in the WAV file, got ${left}: it is cut off`);
    }
    if (name === 'fmt ') format = readFormat(new DataView(bytes, start, length));
    if (name === 'data') {
      if (!format) throw failed("'fmt ' before 'data' in the WAV file, got none");
      requireLength(length / format.bytesPerSample);
      return readSamples(new DataView(bytes, start, length), format);
    }
    at = start + length + (length % 2); // parts begin at even places
  }
  throw failed("'data' in the WAV file, got none: it is cut off");
}

function readFormat(view: DataView): WavFormat {
  if (view.byteLength < 16) {
    throw failed(`16 bytes or more of 'fmt ' in the WAV file, got ${view.byteLength}`);
  }
  const named = view.getUint16(0, true);
  const isExtensible = named === EXTENSIBLE && view.byteLength >= 40;
  const tag = isExtensible ? view.getUint16(24, true) : named;
  const channels = view.getUint16(2, true);
  const bits = view.getUint16(14, true);
  const known = { [PCM]: [8, 16, 24, 32], [IEEE_FLOAT]: [32, 64] }[tag];
  if (!known) {
    throw failed(
      `PCM or float samples in the WAV file, got those of format ${tag}. Decode it first with AudioContext.decodeAudioData, and pass the AudioBuffer`,
    );
  }
  if (!known.includes(bits)) {
    throw failed(`samples of ${known.join(', ')} bits in the WAV file, got ${bits}`);
  }
  if (channels === 0) throw failed('one channel or more in the WAV file, got 0');
  const block = view.getUint16(12, true);
  const bytesPerSample = bits / 8;
  if (block !== channels * bytesPerSample) {
    throw failed(
      `${channels * bytesPerSample} bytes for ${channels} samples of ${bits} bits in the WAV file, got ${block}`,
    );
  }
  return { tag, channels, sampleRateHz: view.getUint32(4, true), bytesPerSample };
}

function readSamples(
  view: DataView,
  { tag, channels, sampleRateHz, bytesPerSample }: WavFormat,
): Sound {
  const block = channels * bytesPerSample;
  if (view.byteLength % block !== 0) {
    throw failed(
      `a multiple of ${block} bytes of samples in the WAV file, got ${view.byteLength}: it is cut off`,
    );
  }
  const length = view.byteLength / block;
  const read = readerOf(view, tag, bytesPerSample);
  return {
    sampleRateHz,
    channels: Array.from({ length: channels }, (_, channel) => {
      const samples = new Float32Array(length);
      for (let i = 0; i < length; i++) samples[i] = read(i * block + channel * bytesPerSample);
      return samples;
    }),
  };
}

/** Reads the sample at a place, in bytes. */
function readerOf(view: DataView, tag: number, bytesPerSample: number): (at: number) => number {
  if (tag === IEEE_FLOAT) {
    return bytesPerSample === 4
      ? (at) => view.getFloat32(at, true)
      : (at) => view.getFloat64(at, true);
  }
  switch (bytesPerSample) {
    case 1:
      return (at) => (view.getUint8(at) - 128) / 2 ** 7; // the only one without a sign
    case 2:
      return (at) => view.getInt16(at, true) / 2 ** 15;
    case 3:
      return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23;
    default:
      return (at) => view.getInt32(at, true) / 2 ** 31;
  }
}

function nameAt(view: DataView, at: number): string {
  if (at + 4 > view.byteLength) return '';
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

function failed(expected: string): NearsideError {
  return new NearsideError('decode-failed', `Sound input: expected ${expected}.`);
}
