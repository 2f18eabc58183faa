import { ModelNameSchema, VersionSchema } from '@nearside/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { is } from 'valibot';
import type { DraftOptions } from '../library/draft.js';
import {
  type FilledGolden,
  type FillGoldenOptions,
  REFERENCES,
  type Reference,
} from '../library/fill-golden.js';
import { FORMATS, type Format } from '../quantizing/quantize-variant.js';

export const FORMAT_NAMES = Object.keys(FORMATS).join(', ');

/** Everything that such a command takes as a model. */
export const MODELS_IN_WORDS =
  'model directory, .onnx or .tflite file, TensorFlow.js directory, or Hugging Face folder with onnx/';

/** The flags of a command that takes a model as training tools leave it. */
export interface DraftFlags {
  readonly draft?: string;
  readonly name?: string;
  readonly version?: string;
  readonly task?: 'image-classification';
  readonly labels?: string;
  readonly size?: number;
  readonly shape?: NonNullable<DraftOptions['shapes']>;
  readonly range?: NonNullable<DraftOptions['ranges']>;
  readonly reference?: Reference;
  readonly inputs?: string;
  readonly quantize?: readonly Format[] | true;
}

/** @param defaults in words, for `--help` */
export function addDraftOptions(
  command: Command,
  defaults: { readonly draft?: string; readonly name: string; readonly version: string },
): Command {
  const { draft } = defaults;
  if (draft) {
    command.option(
      '--draft <dir>',
      `directory to draft the model directory in (default: ${draft})`,
    );
  }
  return command
    .option('--name <name>', `name of the model (default: ${defaults.name})`, parseName)
    .option(
      '--version <version>',
      `version of the model (default: ${defaults.version})`,
      parseVersion,
    )
    .addOption(
      new Option('--task <task>', 'write the steps of this task into the draft').choices([
        'image-classification',
      ]),
    )
    .option('--labels <file>', 'labels of the task: one a line, or JSON')
    .option(
      '--size <pixels>',
      'height and width of its pictures (default: those of the input)',
      parseSize,
    )
    .option(
      '--shape <input=sizes...>',
      'sizes of an input with free axes, for golden cases: ids=1,128 (default: 1, then 32)',
      addShape,
    )
    .option(
      '--range <input=low..high...>',
      'numbers that an input takes, for golden cases: ids=0..30521, sr=16000 (default: 0..1)',
      addRange,
    )
    .addOption(
      new Option(
        '--reference <what>',
        'what answers golden cases: wasm, with Node alone, or python, another runtime than devices have ' +
          '(default: wasm; python for sample images)',
      ).choices(REFERENCES),
    )
    .option(
      '--inputs <dir>',
      'sample images for golden cases and baseline, by Python: <label>/<file> or unlabelled',
    );
}

/** A flag of the commands that pack. */
export function addQuantizeOption(command: Command): Command {
  return command.option(
    '--quantize [format,...]',
    `make the model small first, as the command quantize does: ${FORMAT_NAMES}`,
    parseFormats,
  );
}

/** Those of `--formats`, `int8,fp16`. */
export function parseFormats(text: string): Format[] {
  const names = text.split(',');
  if (names.every((name) => Object.hasOwn(FORMATS, name))) return [...new Set(names as Format[])];
  throw new InvalidArgumentError(`Expected some of ${FORMAT_NAMES}.`);
}

/** @returns the options of `draft` that the flags set */
export function draftOptions({
  name,
  version,
  task,
  labels,
  size,
  shape,
  range,
}: DraftFlags): Omit<DraftOptions, 'source' | 'out' | 'sequence'> {
  return { name, version, task, labels, size, shapes: shape, ranges: range };
}

/** @returns the options of `fillGolden` that the flags set */
export function goldenOptions({
  reference,
  inputs,
}: DraftFlags): Pick<FillGoldenOptions, 'reference' | 'inputs'> {
  return { reference, inputs };
}

/** Lines that say what a draft assumes, what answered its golden cases, and what that was fed with. */
export function describeDraft({
  assumed,
  golden,
}: {
  readonly assumed: readonly string[];
  readonly golden: FilledGolden;
}): string[] {
  const { report, fed } = golden;
  const lines = [
    ...assumed,
    ...(report === '' ? [] : [report]),
    ...fed.map((one) => `Fed with ${one}.`),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}

function parseName(text: string): string {
  if (is(ModelNameSchema, text)) return text;
  throw new InvalidArgumentError("Expected lower-case letters, digits and '-', at most 64.");
}

function parseVersion(text: string): string {
  if (is(VersionSchema, text)) return text;
  throw new InvalidArgumentError('Expected a semantic version such as 1.2.0.');
}

function parseSize(text: string): number {
  const size = Number(text);
  if (Number.isSafeInteger(size) && size > 0) return size;
  throw new InvalidArgumentError('Expected a number of pixels, such as 224.');
}

function addShape(text: string, others: DraftFlags['shape'] = {}): DraftFlags['shape'] {
  const [, input, sizes = ''] = /^(.+)=(\d+(?:,\d+)*)$/.exec(text) ?? [];
  const shape = sizes.split(',').map(Number);
  if (input !== undefined && shape.every((size) => size > 0 && Number.isSafeInteger(size))) {
    return { ...others, [input]: shape };
  }
  throw new InvalidArgumentError('Expected an input and the size of every axis: ids=1,128.');
}

function addRange(text: string, others: DraftFlags['range'] = {}): DraftFlags['range'] {
  const [, input, first = '', last = first] = /^(.+)=(.+?)(?:\.\.(.+))?$/.exec(text) ?? [];
  const [low, high] = [Number(first || Number.NaN), Number(last || Number.NaN)];
  if (input !== undefined && Number.isFinite(low) && low <= high) {
    return { ...others, [input]: [low, high] };
  }
  throw new InvalidArgumentError('Expected an input, its lowest and highest number: ids=0..30521.');
}
