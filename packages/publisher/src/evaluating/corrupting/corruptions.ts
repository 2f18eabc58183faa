import {
  type Feature,
  type FeatureRecord,
  isBuiltInTask,
  type ModelSpec,
  type StagedSpec,
  stagesOf,
  type Tensors,
} from '@nearside/core';
import { type AudioInput, decodeAudio, type RawSound, type Sound } from '@nearside/pipeline';
import type { Picture } from '../items/decode-picture.js';
import { inputKindOf } from '../items/input-kind.js';
import { addNoise, blur, compress, crop, darken } from './corrupt-picture.js';
import { type Draw, drawsOf, normalFrom, someOf } from './seeded-draws.js';

/** A way in which inputs are worse in use than in a folder. */
export interface Corruption {
  readonly name: 'noise' | 'blur' | 'crop' | 'jpeg' | 'dark' | 'quiet' | 'typos' | 'missing';
  /**
   * The input stays as it is. The same seed makes the same values on every machine: by whole numbers, by sums, products,
   * quotients and roots of doubles, which IEEE 754 rounds in one way, and JPEG by wasm.
   *
   * @param input as `model.run` takes it
   */
  apply(input: unknown, seed: number): Promise<unknown>;
}

/** How badly. */
const CORRUPTION = Object.freeze({
  /**
   * How many times the power of its noise sound has, 10 dB: among the 0 to 15 dB at which speech was mixed with noise to
   * train enhancement (Valentini-Botinhao et al., SSW 9, 2016).
   */
  soundOverNoise: 10,
  /** A factor of samples: −20 dB. */
  quiet: 0.1,
  /** One letter of so many is mistyped, and at least one. */
  lettersPerTypo: 20,
  /** One of so many optional features is missing, and at least one. */
  featuresPerMissing: 5,
});

/**
 * Those that fit what the model takes: pictures, sound, records or text. A task of an app's own may take text, and gets
 * `typos`, which leaves an input without any as it is. There is none for tensors of numbers.
 */
export function corruptionsOf(
  task: string,
  spec: StagedSpec & Pick<ModelSpec, 'features'>,
): readonly Corruption[] {
  const inputs = stagesOf(spec)[0]?.inputs ?? [];
  switch (inputKindOf(task, spec)) {
    case 'picture':
      return ofPictures(sideOf(inputs[0]?.shape ?? []));
    case 'sound':
      return OF_SOUND;
    case 'record':
      return ofRecords(spec.features ?? []);
    case 'text':
      return OF_TEXT;
    case 'tensors': {
      const mayBeText = !isBuiltInTask(task) || inputs.some(({ datatype }) => datatype === 'BYTES');
      return mayBeText ? OF_TEXT : [];
    }
  }
}

/** The shorter side of the pictures that a model sees, in pixels; undefined where any will do. */
function sideOf([, ...axes]: readonly number[]): number | undefined {
  const sides = axes.filter((length) => length > 4); // others are channels, or free
  return sides.length === 2 ? Math.min(...sides) : undefined;
}

function ofPictures(side: number | undefined): readonly Corruption[] {
  const grainOf = ({ width, height }: Picture) =>
    side === undefined ? 1 : Math.max(1, Math.min(width, height) / side);
  const corrupt = (
    name: Corruption['name'],
    make: (picture: Picture, seed: number) => Picture | Promise<Picture>,
  ): Corruption => ({ name, apply: async (input, seed) => make(input as Picture, seed) });
  return [
    corrupt('noise', (picture, seed) => addNoise(picture, seed, grainOf(picture))),
    corrupt('blur', (picture) => blur(picture, grainOf(picture))),
    corrupt('crop', crop),
    corrupt('jpeg', compress),
    corrupt('dark', darken),
  ];
}

const OF_SOUND: readonly Corruption[] = [
  { name: 'noise', apply: async (input, seed) => addHiss(await soundOf(input), seed) },
  { name: 'quiet', apply: async (input) => lower(await soundOf(input)) },
];

async function soundOf(input: unknown): Promise<Sound> {
  return decodeAudio(input as AudioInput);
}

/** White noise in each channel, where it is so much fainter than all of the recording. */
function addHiss({ channels, sampleRateHz }: Sound, seed: number): RawSound {
  const next = normalFrom(drawsOf(seed));
  const samples = channels.map((channel) => {
    let power = 0;
    for (const sample of channel) power += sample * sample;
    const deviation = Math.sqrt(power / (channel.length || 1) / CORRUPTION.soundOverNoise);
    return channel.map((sample) => Math.max(-1, Math.min(1, sample + next() * deviation)));
  });
  return { samples, sampleRateHz };
}

function lower({ channels, sampleRateHz }: Sound): RawSound {
  const samples = channels.map((channel) => channel.map((sample) => sample * CORRUPTION.quiet));
  return { samples, sampleRateHz };
}

const OF_TEXT: readonly Corruption[] = [
  { name: 'typos', apply: async (input, seed) => withTyposIn(input, drawsOf(seed)) },
];

/** Text itself, or that of tensors. */
function withTyposIn(input: unknown, draw: Draw): unknown {
  if (typeof input === 'string') return withTypos(input, draw);
  const { tensors } = (input ?? {}) as { readonly tensors?: Tensors };
  if (!tensors || Object.values(tensors).every(({ datatype }) => datatype !== 'BYTES'))
    return input;
  const mistyped = Object.entries(tensors).map(([name, tensor]) => {
    if (tensor.datatype !== 'BYTES') return [name, tensor];
    const data = (tensor.data as readonly string[]).map((text) => withTypos(text, draw));
    return [name, { ...tensor, data }];
  });
  return { ...(input as object), tensors: Object.fromEntries(mistyped) };
}

/** Letters are left out, doubled, or have changed places with the next. */
function withTypos(text: string, draw: Draw): string {
  const characters = [...text];
  const letters = [...characters.keys()].filter((at) => isLetter(characters[at]));
  const count = Math.max(1, Math.round(letters.length / CORRUPTION.lettersPerTypo));
  for (const at of someOf(letters, count, draw).reverse()) {
    const [letter = '', next = ''] = characters.slice(at, at + 2);
    const typos = [letter + letter + next];
    if (characters.length > 1) typos.push(next);
    if (isLetter(next) && next !== letter) typos.push(next + letter);
    characters.splice(at, 2, typos[Math.floor(draw() * typos.length)] as string);
  }
  return characters.join('');
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /^\p{L}/u.test(character);
}

function ofRecords(features: readonly Feature[]): readonly Corruption[] {
  const optional = features.filter((feature) => feature.default !== undefined);
  if (optional.length === 0) return [];
  const names = optional.map(({ name }) => name);
  return [
    { name: 'missing', apply: async (input, seed) => withoutSome(input, names, drawsOf(seed)) },
  ];
}

/** One feature stays at least: the library takes no record without any. */
function withoutSome(input: unknown, optional: readonly string[], draw: Draw): unknown {
  const given = Object.entries(input as FeatureRecord).filter(([, value]) => value != null);
  const present = given.map(([name]) => name).filter((name) => optional.includes(name));
  const count = Math.max(1, Math.round(present.length / CORRUPTION.featuresPerMissing));
  const missing = someOf(present, Math.min(count, given.length - 1), draw);
  return Object.fromEntries(given.filter(([name]) => !missing.includes(name)));
}
