import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { type PreparedModel, prepareModel } from '../library/prepare-model.js';
import { type SealedModel, seal } from '../library/seal.js';
import { type SealedFolder, sealFiles } from '../library/seal-files.js';
import {
  addDraftOptions,
  addQuantizeOption,
  type DraftFlags,
  describeDraft,
  draftOptions,
  goldenOptions,
  MODELS_IN_WORDS,
} from '../terminal/draft-options.js';
import { formatBytes, formatCount } from '../terminal/format.js';
import {
  addGateOptions,
  describeGate,
  type GateFlags,
  gateOptions,
} from '../terminal/gate-options.js';
import {
  type CommonOptions,
  printProgress,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';

interface SealFlags extends CommonOptions, DraftFlags, GateFlags {
  readonly out: string;
  readonly url?: string;
  readonly module?: string;
  readonly prune?: true;
  readonly files?: true;
}

const HELP = `
The page that names the seal's hash vouches for the model: there are no keys, and nothing expires.
Upload the whole folder. Sealing again adds a version, and pages with an older hash keep theirs.

If <model> is no model directory, seal drafts one first. --draft keeps it, for you to edit and seal.
--evaluate writes evaluation.json and a part of MODEL.md into the model directory, also where a
variant is refused.

--files seals a folder as it is, for transformers.js: \`verifiedFetch\` of nearside/transformers reads it.

  nearside seal --files downloads/bert --out public/models/bert
  nearside seal model.onnx --out public/models/words --shape ids=1,128 --range ids=0..30521
  nearside seal models/digits --out public/models/digits --module src/digits.model.ts`;

export function addSeal(program: Command, terminal: Terminal): void {
  const command = program
    .command('seal')
    .description('Write a model as static files that a page opens by one hash, without keys.')
    .argument('<model>', MODELS_IN_WORDS)
    .requiredOption('--out <dir>', 'folder of the model: new, empty, or with earlier seals of it');
  addDraftOptions(command, {
    draft: 'a temporary one',
    name: 'the last part of --out',
    version: 'made of the hash of the weights',
  });
  addGateOptions(addQuantizeOption(command))
    .option('--url <url>', 'address of the folder on the web (default: --out below public/)')
    .option('--module <file>', 'write a .ts or .js module that exports the address and its types')
    .option('--files', 'seal the files of a folder as they are, without model.json')
    .option('--prune', 'remove all versions but this one')
    .addHelpText('after', HELP)
    .action(async (source: string, flags: SealFlags) => {
      if (flags.files) return sealFolder(terminal, source, flags);
      const { out, url, module, prune, json } = flags;
      await using prepared = await prepareModel({
        source,
        draftDirectory: flags.draft,
        // The version is made of the hash of the weights, so that other weights are never sealed under the same one.
        defaults: { name: basename(resolve(out)), version: 'weights' },
        quantize: flags.quantize,
        gate: gateOptions(flags, terminal),
        ...draftOptions(flags),
        ...goldenOptions(flags),
        onStep: terminal.progress,
      });
      const sealed = await seal({
        modelDirectory: prepared.directory,
        out,
        url,
        module,
        prune,
        isEvaluated: prepared.evaluation !== undefined,
        onProgress: printProgress(terminal, 'written'),
        onStep: terminal.progress,
      });
      const { drafted, evaluation } = prepared;
      const draft = drafted ? flags.draft : undefined;
      const result = { ...sealed, ...(draft !== undefined && { draft }), evaluation };
      printResult(terminal, { json, result, text: () => describe(result, prepared) });
    });
}

/** Flags of a folder that is sealed as it is. */
const OF_FILES = ['files', 'out', 'url', 'version', 'prune', 'json'];

async function sealFolder(terminal: Terminal, directory: string, flags: SealFlags): Promise<void> {
  const foreign = Object.keys(flags).find((flag) => !OF_FILES.includes(flag));
  if (foreign !== undefined) {
    throw new TypeError(
      `seal: expected \`files\` without \`${foreign}\`, because files are sealed as they are, got both.`,
    );
  }
  const { out, url, version, prune, json } = flags;
  const onProgress = printProgress(terminal, 'written');
  const result = await sealFiles({ directory, out, url, version, prune, onProgress });
  printResult(terminal, { json, result, text: () => describeFolder(result) });
}

function describeFolder(sealed: SealedFolder): string {
  const { name, version, fetch, files } = sealed;
  const title = `${name} ${version}, ${formatCount(files.length, 'file')},`;
  return [...describeWritten(sealed, title), '', fetch].join('\n');
}

function describe(sealed: SealedModel, prepared: PreparedModel): string {
  const { model, version, open } = sealed;
  return [
    ...describeWritten(sealed, `${model} ${version}`),
    ...sealed.notes,
    ...describeDraft(prepared),
    ...describeGate(prepared.evaluation),
    '',
    open,
  ].join('\n');
}

function describeWritten(written: SealedFolder | SealedModel, title: string): string[] {
  const { directory, changed, filesWritten, bytesWritten, filesRemoved } = written;
  const { chunks, chunksWritten } = written;
  return [
    `${changed ? 'Sealed' : 'Already sealed:'} ${title} in ${directory}`,
    `  chunks    ${chunksWritten} written, ${chunks - chunksWritten} there already`,
    `  files     ${filesWritten} written, ${formatBytes(bytesWritten)}`,
    ...(filesRemoved > 0 ? [`  pruned    ${formatCount(filesRemoved, 'file')}`] : []),
  ];
}
