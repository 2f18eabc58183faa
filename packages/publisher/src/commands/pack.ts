import type { Command } from 'commander';
import { type PackedModel, pack } from '../library/pack.js';
import { prepareModel } from '../library/prepare-model.js';
import {
  addDraftOptions,
  addQuantizeOption,
  type DraftFlags,
  describeDraft,
  draftOptions,
  goldenOptions,
  MODELS_IN_WORDS,
} from '../terminal/draft-options.js';
import { formatBytes, formatCount, formatTable } from '../terminal/format.js';
import {
  addGateOptions,
  describeGate,
  type GateFlags,
  gateOptions,
} from '../terminal/gate-options.js';
import { sequenceOption } from '../terminal/sequence-option.js';
import {
  type CommonOptions,
  printProgress,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';

interface PackFlags extends CommonOptions, DraftFlags, GateFlags {
  readonly out: string;
  readonly sequence?: number;
  readonly python?: string;
  readonly runReference?: true;
}

const HELP = `
If <model> is no model directory, pack first drafts one beside the output (--draft). It has the
weights, and model.json and MODEL.md for you to complete. The expected outputs are computed by the
runtime that devices have, on this CPU, or by onnxruntime in Python (--reference python). The same
command again repeats nothing and keeps your edits. Once you have edited the draft, pack the draft
itself.

--evaluate writes evaluation.json and a part of MODEL.md into the model directory, also where a
variant is refused.

A model directory may come from anybody, so Python runs only files of its reference/ that this
version of nearside ships, byte for byte, and pack stops at any other. --run-reference runs any file
there.

  nearside pack model.onnx --out packed/
  nearside pack words.onnx --shape ids=1,128 --range ids=0..30521 --out packed/
  nearside pack model.onnx --quantize --out packed/
  nearside pack models/digits --evaluate held-out/ --out packed/
  nearside pack hugging-face/vit --inputs samples/ --out packed/
  nearside pack packed.draft --out packed/`;

export function addPack(program: Command, terminal: Terminal): void {
  const command = program
    .command('pack')
    .description('Check a model and lay out its files in chunks, for publish.')
    .argument('<model>', MODELS_IN_WORDS)
    .requiredOption('--out <dir>', 'directory to write to: new, empty, or an earlier pack');
  addDraftOptions(command, {
    draft: '<out>.draft',
    name: 'from the name of the source',
    version: '1.0.0',
  });
  addGateOptions(addQuantizeOption(command))
    .addOption(sequenceOption())
    .option(
      '--python <command>',
      'have this Python answer, with numpy and onnxruntime (default: python3, if it has them)',
    )
    .option('--run-reference', 'run reference/ even if it has files of your own')
    .addHelpText('after', HELP)
    .action(async (source: string, flags: PackFlags) => {
      const { out, sequence, python, runReference, json } = flags;
      const draftDirectory = flags.draft ?? `${out.replace(/[/\\]+$/, '')}.draft`;
      await using prepared = await prepareModel({
        source,
        draftDirectory,
        sequence,
        python,
        runReference,
        quantize: flags.quantize,
        gate: gateOptions(flags, terminal),
        ...draftOptions(flags),
        ...goldenOptions(flags),
        onStep: terminal.progress,
      });
      const { directory, drafted, evaluation } = prepared;
      const onProgress = printProgress(terminal, 'laid out');
      const isEvaluated = evaluation !== undefined;
      const packed = await pack({
        modelDirectory: directory,
        out,
        onnxRuntime: 'try',
        isEvaluated,
        onProgress,
        onStep: terminal.progress,
      });
      const result = { ...packed, ...(drafted && { draft: directory }), evaluation };
      const text = () =>
        [
          describe(packed),
          ...describeDraft(prepared),
          ...describeGate(evaluation),
          ...(drafted ? ['', afterDraft(directory)] : []),
        ].join('\n');
      printResult(terminal, { json, result, text });
    });
}

function describe({ directory, files, sizeBytes, storedBytes, ...packed }: PackedModel): string {
  return [
    `Packed ${packed.model} ${packed.version} (sequence ${packed.sequence}) into ${directory}:`,
    ...formatTable(
      files.map((file) => [
        `  ${file.name}`,
        formatBytes(file.sizeBytes),
        formatCount(file.chunks, 'chunk'),
        file.storedBytes < file.sizeBytes ? `${formatBytes(file.storedBytes)} compressed` : '',
      ]),
    ),
    '',
    `${formatCount(files.length, 'file')}, ${formatBytes(sizeBytes)}; ` +
      `${formatBytes(storedBytes)} on the server. Golden files take ` +
      `${formatBytes(packed.goldenBytes)}. Variants: ${packed.variants.join(', ')}, ` +
      `which take up to ${formatBytes(packed.memoryBytes)} of memory.`,
    ...(packed.onnxRuntime ? [RUNTIME_IN_WORDS[packed.onnxRuntime]] : []),
    ...packed.notes,
  ].join('\n');
}

const RUNTIME_IN_WORDS = {
  common:
    'Its golden cases run in the common file of ONNX Runtime: devices fetch 1.6 MB instead of 3.7.',
  full: 'Its golden cases do not run in the common file of ONNX Runtime: devices fetch the full one.',
} as const;

function afterDraft(directory: string): string {
  return (
    `The model directory is ${directory}. Complete its MODEL.md, and model.json if there is more to ` +
    `say, then pack ${directory}. Where inputs have free axes, give the first case of golden.json a ` +
    '`warmUp` with the shapes that callers use.'
  );
}
