import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumTestLaunch } from '../scripts/chromium.mjs';
import { root } from '../scripts/root.mjs';

const RATE = 48_000;

/** A Chromium whose microphone hears a file over and over: a sentence between half a second of silence on each side. */
export function fakeMicrophone() {
  const file = join(tmpdir(), `nearside-heard-${process.pid}.wav`);
  const args = [
    ...chromiumTestLaunch.args,
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${file}`,
  ];
  return {
    launchOptions: { ...chromiumTestLaunch, args },
    async write() {
      const { decodeAudio } = await import('../packages/pipeline/dist/index.js');
      const { openResampler } = await import('../packages/pipeline/dist/audio/resampler.js');
      const clip = new Blob([await readFile(`${root}models/voice/clips/german.wav`)]);
      const sound = openResampler(RATE)(await decodeAudio(clip), true);
      const [speech] = sound.channels as [Float32Array];
      const samples = new Float32Array(speech.length + RATE);
      samples.set(speech, RATE / 2);
      await writeFile(file, toWav(samples));
    },
    remove: () => rm(file),
  };
}

/** A WAV file of one channel, 16 bits a sample. */
function toWav(samples: Float32Array): Buffer {
  const file = Buffer.alloc(44 + samples.length * 2);
  file.write('RIFF', 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // channels
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(samples.length * 2, 40);
  for (const [i, sample] of samples.entries()) {
    file.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), 44 + i * 2);
  }
  return file;
}
