import { type Model, openUnsigned } from 'nearside';
import { typeOfWeights } from '../../../../packages/nearside/dist/worker/onnx-file.js';
import { answerCases } from '../../../../packages/nearside/dist/worker/self-check.js';
import type { Corpus, CorpusTest } from './corpus.ts';

/** What a CPU answers to a test's model, as files for a GPU to reproduce; `untold` says why no case can tell. */
export type TestAnswers =
  | { readonly files: Readonly<Record<string, Blob>>; readonly untold?: undefined }
  | { readonly untold: string };

/** Has `onnx-wasm` answer the cases of the library's self-check, after a run of the test's own inputs. */
export interface Answerer {
  answer(test: CorpusTest, signal: AbortSignal): Promise<TestAnswers>;
  close(): Promise<void>;
}

export function createAnswerer(corpus: Corpus): Answerer {
  /** The test before: its worker lives on for the next one. */
  let held: Model | undefined;

  async function letGo(next?: Model): Promise<void> {
    const model = held;
    held = next;
    await model?.close().catch(() => {});
  }

  async function answer(test: CorpusTest, signal: AbortSignal): Promise<TestAnswers> {
    const file = corpus.modelOf(test);
    const model = await openUnsigned(file, {}, { backend: 'onnx-wasm', signal });
    await letGo(model);
    const inputs = corpus.inputsOf(test);
    const declared = Object.entries(inputs).map(([name, { datatype, shape }]) => {
      return { name, datatype, shape };
    });
    const session = {
      tensors: { inputs: declared, outputs: [] },
      run: async (tensors: typeof inputs) =>
        (await model.run({ tensors }, { signal })).output.tensors,
      release: async () => {},
    };
    const stage = { name: '', ...session.tensors, preprocessing: [], postprocessing: [] };
    const shapes = Object.fromEntries(declared.map(({ name, shape }) => [name, shape]));
    const { golden, files, objections } = await answerCases(
      [{ stage: stage as never, session, firstRun: { shapes, inputs } }],
      {
        variant: { name: 'model', runtime: 'onnx', dtype: typeOfWeights(file), files: [] },
        reference: 'onnxruntime-web',
        inTurn: (run) => run(),
      },
    );
    if (!golden) return { untold: objections.join('; ') };
    const tensors = [...files].map(([name, bytes]) => [name, new Blob([bytes])] as const);
    const json = new Blob([JSON.stringify(golden)]);
    return { files: { 'golden.json': json, ...Object.fromEntries(tensors) } };
  }

  return {
    async answer(test, signal) {
      try {
        return await answer(test, signal);
      } catch (error) {
        signal.throwIfAborted();
        await letGo(); // what fails may leave its worker unsound
        return { untold: (error as Error).message };
      }
    },
    close: () => letGo(),
  };
}
