import { NearsideError } from 'nearside';
import type { ShownSound } from './play-sound.js';

/** Synthetic speech: the clips that the model is held against. */
const CLIPS = {
  English: new URL('../../../models/voice/clips/english.wav', import.meta.url),
  German: new URL('../../../models/voice/clips/german.wav', import.meta.url),
  French: new URL('../../../models/voice/clips/french.wav', import.meta.url),
  Spanish: new URL('../../../models/voice/clips/spanish.wav', import.meta.url),
  'A high voice': new URL('../../../models/voice/clips/high.wav', import.meta.url),
};

const ALL = 'Five sentences';
/** Faint noise lasts so long before each sentence and after the last. */
const PAUSE_S = 0.8;
const NOISE = 0.002;

export const SAMPLE_NAMES: readonly string[] = [ALL, ...Object.keys(CLIPS)];

/** A sound to try the page with. */
export async function loadSample(name: string): Promise<ShownSound> {
  const clips = Object.entries(CLIPS).filter(([clip]) => name === ALL || clip === name);
  const sounds = await Promise.all(clips.map(([, url]) => fetchSound(url)));
  const [{ sampleRateHz }] = sounds as [ShownSound];
  const pause = () =>
    Float32Array.from({ length: PAUSE_S * sampleRateHz }, () => NOISE * (Math.random() - 0.5));
  const parts = [...sounds.flatMap(({ samples }) => [pause(), samples]), pause()];
  return { samples: joinSamples(parts), sampleRateHz };
}

async function fetchSound(url: URL): Promise<ShownSound> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Expected ${url.href}, got HTTP ${response.status}.`);
  return decodeSound(await response.arrayBuffer());
}

/** A sound file of any kind that the browser can decode → one channel. */
export async function decodeSound(file: ArrayBuffer): Promise<ShownSound> {
  const context = new OfflineAudioContext(1, 1, 48_000);
  const audio = await context.decodeAudioData(file).catch((cause: unknown) => {
    throw new NearsideError(
      'decode-failed',
      'Expected a sound file that this browser can decode, such as WAV, MP3 or Opus, got another.',
      { cause },
    );
  });
  const { numberOfChannels, length, sampleRate: sampleRateHz } = audio;
  const channels = Array.from({ length: numberOfChannels }, (_, i) => audio.getChannelData(i));
  const samples = Float32Array.from({ length }, (_, i) => {
    return channels.reduce((sum, channel) => sum + (channel[i] ?? 0), 0) / numberOfChannels;
  });
  return { samples, sampleRateHz };
}

export function joinSamples(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
