import type { Command } from 'commander';
import { type QuantizedModel, quantize } from '../library/quantize.js';
import type { Format } from '../quantizing/quantize-variant.js';
import type { QuantizedTensor } from '../quantizing/quantized-tensor.js';
import {
  addDraftOptions,
  type DraftFlags,
  describeDraft,
  draftOptions,
  FORMAT_NAMES,
  goldenOptions,
  parseFormats,
} from '../terminal/draft-options.js';
import { formatBytes, formatCount, formatTable } from '../terminal/format.js';
import {
  addGateOptions,
  describeGate,
  type GateFlags,
  gateOptions,
} from '../terminal/gate-options.js';
import { type CommonOptions, printResult, type Terminal } from '../terminal/terminal.js';

interface QuantizeFlags extends CommonOptions, DraftFlags, GateFlags {
  readonly out: string;
  readonly formats?: readonly Format[];
  readonly keep?: readonly string[];
}

const HELP = `
Weights of ONNX files become int8 with a scale for each channel (int8), the same at least memory and
slower (int8-lean), or half floats (fp16); those of TensorFlow.js bytes (uint8) or half floats
(float16). Runs of int8 and fp16 are as fast as those of floats. Only int8-dynamic computes in
integers: products of matrices, where the other factor is rounded at each run. The variant of floats stays in the model
directory to be compared with, and is not packed: "ships": false in model.json.

With --evaluate, tensors of a variant that does not pass become half floats, first those that alone
change answers most, until it does; if that is not enough, nothing is written. Where the items are
too few for any to pass, it is written undecided, with a warning; --strict refuses it. Each of
several --formats begins with the half floats of the one before it.

  nearside quantize model.onnx --out small/
  nearside quantize model.onnx --evaluate held-out/ --max-loss 0.02 --out small/
  nearside pack small/ --out packed/`;

export function addQuantize(program: Command, terminal: Terminal): void {
  const command = program
    .command('quantize')
    .description('Make a model small: store its weights in fewer bits.')
    .argument('<model>', '.onnx or .tflite file, TensorFlow.js directory, or model directory')
    .requiredOption('--out <dir>', 'model directory to write: new, empty, or an earlier one')
    .option(
      '--formats <format,...>',
      `${FORMAT_NAMES} (default: int8 for ONNX, uint8 for TensorFlow.js)`,
      parseFormats,
    )
    .option('--keep <tensor...>', 'tensors that stay as they are');
  const defaults = { name: 'from the name of the source', version: '1.0.0' };
  addDraftOptions(addGateOptions(command), defaults)
    .addHelpText('after', HELP)
    .action(async (source: string, flags: QuantizeFlags) => {
      const { out, formats, keep, json } = flags;
      const gate = gateOptions(flags, terminal);
      const onStep = terminal.progress;
      const options = { ...draftOptions(flags), ...goldenOptions(flags), gate, onStep };
      const result = await quantize({ source, out, formats, keep, ...options });
      printResult(terminal, { json, result, text: () => describe(result) });
    });
}

function describe({ directory, variants, assumed, golden, evaluation }: QuantizedModel): string {
  const table = formatTable(
    variants.map(({ name, ships, sizeBytes, tensors }) => [
      `  ${name}`,
      formatBytes(sizeBytes),
      ships ? describeTensors(name, tensors) : 'to compare with, not packed',
    ]),
  );
  return [
    `Wrote ${directory}:`,
    ...table,
    ...describeDraft({ assumed, golden }),
    ...describeGate(evaluation),
    '',
    `Pack it: nearside pack ${directory} --out packed/`,
  ].join('\n');
}

function describeTensors(variant: string, tensors: readonly QuantizedTensor[]): string {
  const halves = tensors.filter(({ format }) => format === 'fp16' && format !== variant).length;
  const more = halves > 0 ? `, ${halves} of them as half floats` : '';
  return `${formatCount(tensors.length, 'tensor')} in fewer bits${more}`;
}
