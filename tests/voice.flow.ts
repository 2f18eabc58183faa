import { readdir, readFile } from 'node:fs/promises';
import { expect, type Page } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { test } from './one-page.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveFixture } from './serve-fixture.js';

/** Scores of every window, as Python's onnxruntime gives them. */
interface Reference {
  readonly clips: Readonly<
    Record<
      string,
      {
        readonly scores: readonly number[];
        /** At a twentieth of the loudness. */
        readonly quiet: readonly number[];
        /** Of the same at 48 kHz. */
        readonly fromMicrophone: readonly number[];
      }
    >
  >;
  readonly sounds: Readonly<Record<string, readonly number[]>>;
}

const CLIPS = `${root}models/voice/clips/`;
/** How far from Python's a score may be. */
const ALLOWED = 0.005;

let site: Awaited<ReturnType<typeof serveBarePage>>;
let served: Awaited<ReturnType<typeof serveFixture>>;
let reference: Reference;
/** WAV files by name, in base64. */
let files: Record<string, string>;

test.beforeAll(async () => {
  site = await serveBarePage();
  served = await serveFixture('voice', { among: 'models' });
  reference = JSON.parse(await readFile(`${root}models/voice/reference.json`, 'utf8'));
  const names = (await readdir(CLIPS)).sort();
  const entries = names.map(async (name) => {
    return [name.replace('.wav', ''), await readFile(CLIPS + name, 'base64')] as const;
  });
  files = Object.fromEntries(await Promise.all(entries));
});

test.afterAll(async () => {
  await Promise.all([site.close(), served.close()]);
});

interface Found {
  readonly windows: readonly { fromMs: number; toMs: number; score: number }[];
  readonly segments: readonly { fromMs: number; toMs: number }[];
  readonly open?: object;
}

const scoresOf = ({ windows }: Pick<Found, 'windows'>) => windows.map(({ score }) => score);
const bestOf = (found: Found) => Math.max(...scoresOf(found));

function expectNear(scores: readonly number[], expected: readonly number[] = []): void {
  expect(scores).toHaveLength(expected.length);
  expect(farthest(scores, expected)).toBeLessThanOrEqual(ALLOWED);
}

/** One number to be expected: Playwright takes longer for an expectation than the model for a window. */
function farthest(scores: readonly number[], expected: readonly number[]): number {
  return Math.max(...scores.map((score, i) => Math.abs(score - (expected[i] as number))));
}

/** The pieces of a stream, put together. */
function joined(pieces: readonly Found[]): Found {
  return {
    windows: pieces.flatMap(({ windows }) => windows),
    segments: pieces.flatMap(({ segments }) => segments),
  };
}

test.describe('in a browser', () => {
  test.beforeAll(async ({ onePage: page }) => {
    await gotoBarePage(page, site.url);
    await page.evaluate(
      async ({ address: { url, trust }, files }) => {
        const scope = globalThis as Scope;
        const task = 'voice-activity-detection';
        scope.model = await scope.nearside.open(url, { trust, task });
        scope.fileOf = (name: string) => {
          const bytes = Uint8Array.from(atob(files[name] as string), (c) => c.charCodeAt(0));
          return new File([bytes], `${name}.wav`, { type: 'audio/wav' });
        };
        /** As the browser reads it, at a rate of our choice. */
        scope.decode = async (name: string, sampleRate: number) => {
          const context = new OfflineAudioContext(1, 1, sampleRate);
          return context.decodeAudioData(await scope.fileOf(name).arrayBuffer());
        };
        scope.piecesOf = function* (samples: Float32Array, sampleRateHz: number, length: number) {
          for (let at = 0; at < samples.length; at += length) {
            yield { samples: samples.slice(at, at + length), sampleRateHz };
          }
        };
        scope.streamAll = async (pieces: unknown, options?: object) => {
          const outputs = [];
          for await (const { output } of scope.model.stream(pieces, options)) outputs.push(output);
          return outputs;
        };
      },
      { address: served.address, files },
    );
  });

  const run = (page: Page, name: string): Promise<Found> =>
    page.evaluate(async (name) => {
      const { model, fileOf } = globalThis as Scope;
      return (await model.run(fileOf(name))).output;
    }, name);

  test('every clip of speech is heard, window by window as Python hears it, and its segment told', async ({
    page,
  }) => {
    for (const [name, { scores }] of Object.entries(reference.clips)) {
      const found = await run(page, name);
      expectNear(scoresOf(found), scores);
      expect(bestOf(found)).toBeGreaterThanOrEqual(0.9);
      expect(found.segments.length).toBeGreaterThan(0);
      expect(found.open).toBeUndefined();
    }
  });

  test('also at a twentieth of its loudness', { tag: '@long' }, async ({ page }) => {
    for (const [name, { quiet }] of Object.entries(reference.clips)) {
      const found: Found = await page.evaluate(async (name) => {
        const { model, fileOf } = globalThis as Scope;
        const bytes = new Uint8Array(await fileOf(name).arrayBuffer()).subarray(44);
        const samples = Float32Array.from(bytes, (byte) => (byte - 128) / 128 / 20);
        return (await model.run({ samples, sampleRateHz: 22_050 })).output;
      }, name);
      expectNear(scoresOf(found), quiet);
      expect(bestOf(found)).toBeGreaterThanOrEqual(0.9);
    }
  });

  test('silence, a tone and noise are no speech', async ({ page }) => {
    const found: Record<string, Found> = await page.evaluate(async () => {
      const { model } = globalThis as Scope;
      const noise = (seed: number, level: number) => {
        let state = seed;
        return Float32Array.from({ length: 32_000 }, () => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          return Math.fround(((state >>> 24) - 128) / 128) * Math.fround(level);
        });
      };
      const turn = (2 * Math.PI * 440) / 16_000;
      const sounds = {
        silence: new Float32Array(32_000),
        tone: Float32Array.from({ length: 32_000 }, (_, i) => 0.5 * Math.sin(turn * i)),
        noise: noise(16, 0.25),
        'quiet noise': noise(17, 0.025),
      };
      const found: Record<string, Found> = {};
      for (const [name, samples] of Object.entries(sounds)) {
        found[name] = (await model.run({ samples, sampleRateHz: 16_000 })).output;
      }
      return found;
    });
    for (const [name, expected] of Object.entries(reference.sounds)) {
      expectNear(scoresOf(found[name] as Found), expected);
      expect(bestOf(found[name] as Found)).toBeLessThanOrEqual(0.1);
      expect(found[name]?.segments).toEqual([]);
    }
  });

  test('what the browser decodes to 48 kHz, in pieces of any length, is heard the same', async ({
    page,
  }) => {
    for (const [name, { scores }] of Object.entries(reference.clips)) {
      const pieces: Found[] = await page.evaluate(async (name) => {
        const { decode, piecesOf, streamAll } = globalThis as Scope;
        const audio = await decode(name, 48_000);
        return streamAll(piecesOf(audio.getChannelData(0), 48_000, 1_777));
      }, name);
      const { windows, segments } = joined(pieces);
      // The browser resamples its own way, and the last window is not complete in a stream.
      expect(windows.length).toBeGreaterThanOrEqual(scores.length - 2);
      expect(farthest(scoresOf({ windows }), scores)).toBeLessThan(0.2);
      expect(windows.every(({ fromMs }, i) => fromMs === i * 32)).toBe(true);
      expect(segments.length).toBeLessThanOrEqual(1); // it ends with the clip
      expect(pieces.at(-1)?.open !== undefined || segments.length === 1).toBe(true);
    }
  });

  test('an AudioBuffer, AudioData and samples in stereo are heard alike', async ({ page }) => {
    const outputs: Found[] = await page.evaluate(async () => {
      const { model, decode } = globalThis as Scope;
      const audio: AudioBuffer = await decode('english', 16_000);
      const samples = audio.getChannelData(0);
      const data = new AudioData({
        format: 'f32-planar',
        sampleRate: 16_000,
        numberOfFrames: samples.length,
        numberOfChannels: 1,
        timestamp: 0,
        data: samples as Float32Array<ArrayBuffer>,
      });
      const stereo = { samples: [samples, samples], sampleRateHz: 16_000 };
      const outputs = [];
      for (const input of [audio, data, stereo]) outputs.push((await model.run(input)).output);
      const moved = { samples: samples.slice(), sampleRateHz: 16_000 };
      outputs.push((await model.run(moved, { transfer: true })).output);
      outputs.push((await model.run(data, { transfer: true })).output);
      if (moved.samples.length > 0 || data.format) throw new Error('Expected to give them away.');
      return outputs;
    });
    for (const output of outputs) expect(output).toEqual(outputs[0]);
    expect(bestOf(outputs[0] as Found)).toBeGreaterThan(0.9);
  });

  test('sound that is bad is refused with a code, and the next good call succeeds', async ({
    page,
  }) => {
    const codes = await page.evaluate(async () => {
      const { model, fileOf } = globalThis as Scope;
      const samples = new Float32Array(512);
      const wav = await fileOf('english').arrayBuffer();
      const bad = [
        { samples, sampleRateHz: 0 },
        { samples, sampleRateHz: 1_000_000 },
        { samples: Float32Array.of(Number.NaN), sampleRateHz: 16_000 },
        new Blob([wav.slice(0, 1000)]),
        new Blob(['no sound'], { type: 'audio/mpeg' }),
        new ImageData(1, 1),
        { age: 30 },
      ];
      const codes = [];
      for (const input of bad) {
        codes.push(await model.run(input).catch(({ code }: { code: string }) => code));
      }
      return codes;
    });
    expect(codes).toEqual([
      'input-invalid',
      'input-invalid',
      'input-invalid',
      'decode-failed',
      'decode-failed',
      'input-invalid',
      'input-invalid',
    ]);
    expect(bestOf(await run(page, 'english'))).toBeGreaterThan(0.9);
  });

  test('a stream passes over a bad piece and an empty one, and goes on as if the bad had not come', async ({
    page,
  }) => {
    const { streamed, skipped } = await page.evaluate(async () => {
      const { model, decode, piecesOf } = globalThis as Scope;
      const samples = (await decode('english', 16_000)).getChannelData(0);
      const [first, second] = piecesOf(samples, 16_000, Math.ceil(samples.length / 2));
      const bad = { samples: Float32Array.of(Number.NaN), sampleRateHz: 16_000 };
      const empty = { samples: new Float32Array(), sampleRateHz: 16_000 };
      const other = { samples: new Float32Array(10), sampleRateHz: 8_000 };
      const stream = model.stream([first, bad, empty, other, second], { onError: 'skip' });
      const streamed = [];
      for await (const { output } of stream) streamed.push(output);
      return { streamed, skipped: stream.stats.skipped };
    });
    expect(skipped).toBe(2);
    expect(streamed).toHaveLength(3);
    expect(streamed[1].windows).toEqual([]);
    const whole = await page.evaluate(async () => {
      const { model, decode } = globalThis as Scope;
      return (await model.run(await decode('english', 16_000))).output;
    });
    const { windows } = joined(streamed);
    expect(windows).toEqual(whole.windows.slice(0, windows.length));
    expect(windows.length).toBeGreaterThanOrEqual(whole.windows.length - 1);
  });
});

test('in Node: clips as files, quiet, and from 48 kHz in pieces, within 0.005 of Python’s', async () => {
  const { open } = await import('../packages/nearside/dist/index.js');
  const { decodeAudio } = await import('../packages/pipeline/dist/index.js');
  const { openResampler } = await import('../packages/pipeline/dist/audio/resampler.js');
  const { url, trust } = served.address;
  const model = await open(url, { trust, task: 'voice-activity-detection' });
  for (const [name, { scores, quiet, fromMicrophone }] of Object.entries(reference.clips)) {
    const file = new Blob([Buffer.from(files[name] as string, 'base64')]);
    const { output } = await model.run(file);
    expectNear(scoresOf(output), scores);
    expect(bestOf(output)).toBeGreaterThanOrEqual(0.9);

    const sound = await decodeAudio(file);
    const [samples] = sound.channels as [Float32Array];
    const fainter = { samples: samples.map((one) => one / 20), sampleRateHz: sound.sampleRateHz };
    const faint = (await model.run(fainter)).output;
    expectNear(scoresOf(faint), quiet);
    expect(bestOf(faint)).toBeGreaterThanOrEqual(0.9);

    const [at48k] = openResampler(48_000)(sound, true).channels as [Float32Array];
    const pieces = Array.from({ length: Math.ceil(at48k.length / 1_000) }, (_, i) => {
      return { samples: at48k.subarray(i * 1_000, (i + 1) * 1_000), sampleRateHz: 48_000 };
    });
    const outputs: Found[] = [];
    for await (const { output } of model.stream(pieces)) outputs.push(output);
    const heard = scoresOf(joined(outputs));
    expectNear(heard, fromMicrophone.slice(0, heard.length));
    expect(heard.length).toBeGreaterThanOrEqual(fromMicrophone.length - 2);
    expect(outputs).toHaveLength(pieces.length);
  }
  await model.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
