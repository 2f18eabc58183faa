import type { Sound } from './sound.js';

/** The mean of all channels, in double and then rounded to 32 bits: n × [samples] → [samples]. */
export function mixDown({ channels, sampleRateHz }: Sound): Sound {
  if (channels.length === 1) return { channels, sampleRateHz };
  const mixed = new Float32Array(channels[0]?.length ?? 0);
  for (let i = 0; i < mixed.length; i++) {
    let sum = 0;
    for (const samples of channels) sum += samples[i] as number;
    mixed[i] = sum / channels.length;
  }
  return { channels: [mixed], sampleRateHz };
}
