import { describe, kindOf, NearsideError, sum } from '@nearside/core';
import { detachedInput, invalidInput } from '../input-errors.js';
import { readWav } from './read-wav.js';
import { type AudioInput, type RawSound, SOUND_LIMITS, type Sound } from './sound.js';

/**
 * Any sound → samples of each channel at its own rate. A WAV file is read by our own code, in Node too; what
 * other codecs hold is for the browser to decode first. The input stays the caller's and is not changed; what is
 * given may be a view of it. Sound of no samples is fine: a piece of a stream may be empty.
 *
 * @throws NearsideError `decode-failed`, `input-too-large`, `input-detached` or `input-invalid`;
 * `signal.reason` when aborted
 */
export async function decodeAudio(
  input: AudioInput,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Sound> {
  signal?.throwIfAborted();
  const sound = await readSound(input);
  signal?.throwIfAborted();
  requireSound(sound);
  return sound;
}

async function readSound(input: AudioInput): Promise<Sound> {
  switch (kindOf(input)) {
    case 'Blob':
    case 'File':
      return readFile(input as Blob);
    case 'AudioData':
      return readAudioData(input as AudioData);
    case 'AudioBuffer':
      return readAudioBuffer(input as AudioBuffer);
    case 'Object':
      return readRaw(input as RawSound);
    default:
      throw notSound(input);
  }
}

async function readFile(blob: Blob): Promise<Sound> {
  requireLength(blob.size / 8, `a file of ${blob.size} bytes`); // 8 bytes a sample at most
  const bytes = await blob.arrayBuffer().catch((cause: unknown) => {
    throw new NearsideError(
      'decode-failed',
      `Expected a file that can be read, got one that cannot: ${String(cause)}. Choose it again.`,
      { cause, details: { sizeBytes: blob.size } },
    );
  });
  return readWav(bytes, blob.type, (samples) => requireLength(samples, 'a WAV file'));
}

function readAudioData(audio: AudioData): Sound {
  if (audio.format === null || audio.numberOfFrames === 0) throw detachedInput('AudioData');
  const { numberOfChannels, numberOfFrames, sampleRate: sampleRateHz } = audio;
  requireLength(numberOfChannels * numberOfFrames, 'AudioData');
  const channels = Array.from({ length: numberOfChannels }, (_, planeIndex) => {
    const samples = new Float32Array(numberOfFrames);
    audio.copyTo(samples, { planeIndex, format: 'f32-planar' });
    return samples;
  });
  return { channels, sampleRateHz };
}

function readAudioBuffer(audio: AudioBuffer): Sound {
  const { numberOfChannels, sampleRate: sampleRateHz } = audio;
  const channels = Array.from({ length: numberOfChannels }, (_, i) => audio.getChannelData(i));
  return { channels, sampleRateHz };
}

function readRaw({ samples, sampleRateHz }: RawSound): Sound {
  if (samples === undefined) throw notSound({ samples, sampleRateHz });
  const channels = Array.isArray(samples) ? (samples as readonly unknown[]) : [samples];
  const other = channels.find((one) => kindOf(one) !== 'Float32Array');
  if (other !== undefined || channels.length === 0) {
    throw invalid(
      'a Float32Array of samples from −1 to 1 for each channel (16-bit ones divided by 32,768)',
      channels.length === 0 ? 'no channels' : describe(other),
    );
  }
  if (channels.some((one) => isDetached(one as Float32Array)))
    throw detachedInput('array of samples');
  return { channels: (channels as Float32Array[]).map(unshared), sampleRateHz };
}

/** Memory that others write to is copied. */
function unshared(samples: Float32Array): Float32Array<ArrayBuffer> {
  return samples.buffer instanceof ArrayBuffer
    ? (samples as Float32Array<ArrayBuffer>)
    : new Float32Array(samples);
}

/** Unlike an empty array, one whose memory is gone cannot be viewed any more. */
function isDetached({ byteLength, buffer }: Float32Array): boolean {
  if (byteLength > 0) return false;
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true;
  }
}

function requireSound({ channels, sampleRateHz }: Sound): void {
  const { minRateHz, maxRateHz, maxChannels } = SOUND_LIMITS;
  if (!(Number.isInteger(sampleRateHz) && sampleRateHz >= minRateHz && sampleRateHz <= maxRateHz)) {
    throw invalid(
      `sampleRateHz to be a whole number from ${minRateHz} to ${maxRateHz}`,
      describe(sampleRateHz),
    );
  }
  if (channels.length > maxChannels) {
    throw invalid(`at most ${maxChannels} channels`, `${channels.length}`);
  }
  const lengths = channels.map(({ length }) => length);
  if (lengths.some((length) => length !== lengths[0])) {
    throw invalid('channels of one length', `lengths ${lengths.join(', ')}`);
  }
  requireLength(sum(lengths), 'sound');
  for (const [channel, samples] of channels.entries()) {
    const index = findUnfinished(samples);
    if (index === -1) continue;
    throw invalid(
      'samples that are finite numbers',
      `${samples[index]} as sample ${index} of channel ${channel}`,
    );
  }
}

/** The first sample that is NaN or infinite. */
function findUnfinished(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] as number) * 0; // NaN once there is one
  return sum === 0 ? -1 : samples.findIndex((sample) => !Number.isFinite(sample));
}

function requireLength(samples: number, what: string): void {
  const { maxSamples } = SOUND_LIMITS;
  if (samples <= maxSamples) return;
  throw new NearsideError(
    'input-too-large',
    `Expected sound of at most ${maxSamples} samples over all channels, got ${what} of at least ${Math.floor(samples)}. Pass it in pieces, through a stream.`,
    { details: { samples: Math.floor(samples), maxSamples } },
  );
}

function notSound(input: unknown): NearsideError {
  return invalid(
    'a WAV Blob, AudioBuffer, AudioData or { samples, sampleRateHz } with a Float32Array for each channel',
    describe(input),
  );
}

function invalid(expected: string, got: string): NearsideError {
  return invalidInput('Sound', expected, got);
}
