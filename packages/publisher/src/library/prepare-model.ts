import { readSource } from '../drafting/read-source.js';
import type { Evaluation } from '../evaluating/judging/evaluation.js';
import { openTemporary } from '../files/temporary.js';
import { type DraftOptions, draft } from './draft.js';
import { type FilledGolden, type FillGoldenOptions, fillGolden } from './fill-golden.js';
import { type GateOptions, passGate, requireItems, tellingAssumed } from './pass-gate.js';
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
  /** Evaluates the model, and refuses it where a variant lost too much. */
  readonly gate?: GateOptions | undefined;
}

/** Disposing of it removes a draft that nobody wants to keep. */
export interface PreparedModel extends AsyncDisposable {
  /** A model directory that can be packed. */
  readonly directory: string;
  /** True if it was drafted from something else. */
  readonly drafted: boolean;
  readonly assumed: readonly string[];
  readonly golden: FilledGolden;
  readonly evaluation?: Evaluation | undefined;
}

/**
 * Makes a model directory of whatever holds a model: drafts one, unless the source is one, and computes the golden
 * answers that are missing. Where there is a gate, the model passes it.
 *
 * @throws NearsideError a code of `draft`, `fillGolden` or `passGate`
 */
export async function prepareModel(options: PrepareOptions): Promise<PreparedModel> {
  const { draftDirectory, defaults, gate, ...given } = options;
  const { kind } = await readSource(given.source);
  const { name = defaults?.name, version = defaults?.version } = given;
  const own = kind === 'trained-model' ? { ...given, name, version } : given;
  if (gate) await requireItems(gate.folder, own);
  const temporary = draftDirectory === undefined ? await openTemporary('draft') : undefined;
  const remove = async () => temporary?.[Symbol.asyncDispose]();
  try {
    const made = await makeModel(own, draftDirectory ?? temporary?.directory ?? '', gate);
    return { ...made, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function makeModel(
  { quantize: formats, ...given }: Omit<PrepareOptions, 'draftDirectory' | 'defaults' | 'gate'>,
  out: string,
  gate: GateOptions | undefined,
): Promise<Omit<PreparedModel, typeof Symbol.asyncDispose>> {
  if (formats) {
    const options = { ...given, formats: formats === true ? undefined : formats, out, gate };
    const { directory, assumed, golden, evaluation } = await quantize(options);
    return { directory, drafted: true, assumed, golden, evaluation };
  }
  const { directory, drafted, assumed } = await draft({ ...given, out });
  const golden = await fillGolden({ ...given, directory });
  const judge = (by: GateOptions) => tellingAssumed(assumed, by, () => passGate(directory, by));
  const evaluation = gate && (await judge(gate));
  return { directory, drafted, assumed, golden, evaluation };
}
