import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSource } from '../drafting/open-source.js';
import { type DraftOptions, draft } from './draft.js';
import { type FilledGolden, type FillGoldenOptions, fillGolden } from './fill-golden.js';
import { type QuantizeOptions, quantize } from './quantize.js';

export interface PrepareOptions
  extends Omit<DraftOptions, 'out'>,
    Omit<FillGoldenOptions, 'directory'> {
  /** Keeps the draft in this directory. */
  readonly draftDirectory?: string | undefined;
  /** Name and version of a draft that has none of its own. */
  readonly defaults?: Pick<DraftOptions, 'name' | 'version'> | undefined;
  /** Makes the model small: the formats of {@link quantize}, or `true` for the usual ones. */
  readonly quantize?: QuantizeOptions['formats'] | true;
}

/** Disposing of it removes a draft that nobody wants to keep. */
export interface PreparedModel extends AsyncDisposable {
  /** A model directory that can be packed. */
  readonly directory: string;
  /** True if it was drafted from something else. */
  readonly drafted: boolean;
  readonly assumed: readonly string[];
  readonly golden: FilledGolden;
}

/**
 * Makes a model directory of whatever holds a model: drafts one, unless the source is one, and computes the golden
 * answers that are missing.
 *
 * @throws NearsideError a code of `draft` or `fillGolden`
 */
export async function prepareModel(options: PrepareOptions): Promise<PreparedModel> {
  const { draftDirectory, defaults, quantize: formats, ...given } = options;
  const { kind } = await openSource(given.source);
  const { name = defaults?.name, version = defaults?.version } = given;
  const identity = kind === 'trained-model' ? { name, version } : {};
  const out = draftDirectory ?? (await mkdtemp(join(tmpdir(), 'nearside-draft-')));
  const remove = async () => {
    if (draftDirectory === undefined) await rm(out, { recursive: true, force: true });
  };
  try {
    if (formats) {
      const options = { ...given, ...identity, formats: formats === true ? undefined : formats };
      const { directory, assumed, golden } = await quantize({ ...options, out });
      return { directory, drafted: true, assumed, golden, [Symbol.asyncDispose]: remove };
    }
    const { directory, drafted, assumed } = await draft({ ...given, ...identity, out });
    const golden = await fillGolden({ ...given, directory });
    return { directory, drafted, assumed, golden, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
