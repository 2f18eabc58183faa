import {
  casesOfStage,
  type Golden,
  goldenFiles,
  isNearsideError,
  type Runtime,
  type Stage,
  stagesOf,
  type Tensors,
  type Variant,
  variantOfStage,
} from '@nearside/core';
import { messageOf } from '../shared/failures.js';
import type { ModelFiles, SessionRequest, WeightFiles } from './backends/backend.js';
import {
  endWithParent,
  feedsOf,
  readModelDirectory,
  readVariantFiles,
  type StartedInNode,
  startOnnx,
  startTfjs,
} from './in-node.js';

/*
 * Answers a model's golden cases, with a runtime on one thread of a CPU. The publisher asks in a process of its own,
 * because a model may come from anybody, and a runtime that traps is done for.
 *
 *   fork('answer-golden.js', [<model directory>, 'onnx' | 'tfjs', 'once' | 'all', ...<names of variants>],
 *     { serialization: 'advanced' })
 *
 * Every case runs twice, which finds a model that draws numbers, and then in the other ways to compute it that are as
 * right; with `once` a single time. Without names it answers for all variants of the runtime.
 */

type Message =
  | { readonly reference: string }
  /** Sent first, so that whoever sees the process end knows where. */
  | { readonly begun: Step }
  | { readonly answered: Step; readonly outputs: Tensors }
  /** A way that ONNX Runtime cannot go with this model, though it can with all optimisations. */
  | { readonly impassable: Step; readonly message: string }
  | { readonly failed: { readonly code: string; readonly message: string } };

interface Step {
  readonly variant: string;
  readonly stage: string;
  /** Undefined while the model is loaded. */
  readonly case?: string;
  readonly way: 'once' | 'again' | Level;
}

type Level = NonNullable<SessionRequest['optimization']>;

const OTHER_LEVELS: readonly Level[] = ['disabled', 'basic', 'extended'];

const [directory = '.', runtime = 'onnx', ways, ...names] = process.argv.slice(2);
endWithParent();
await answerGolden(directory, runtime as Runtime, ways === 'once').catch(sendFailure);
process.disconnect?.();

async function answerGolden(directory: string, runtime: Runtime, isOnce: boolean): Promise<void> {
  const { spec, golden } = await readModelDirectory(directory);
  const started = runtime === 'tfjs' ? startTfjs() : startOnnx('ort-wasm-simd-threaded.wasm');
  const { backend, reference } = await started;
  await send({ reference });
  const inputs = golden.cases.flatMap((one) => goldenFiles(one, []));
  const ofRuntime = spec.variants.filter((one) => one.runtime === runtime);
  for (const variant of ofRuntime) {
    if (names.length > 0 && !names.includes(variant.name)) continue;
    const read = await readVariantFiles(directory, variant, inputs);
    for (const stage of stagesOf(spec)) {
      const answering = { backend, stage, variant, golden, ...read };
      await answerStage(answering, 'all', isOnce ? ['once'] : ['once', 'again']);
      if (isOnce || runtime !== 'onnx') continue;
      for (const level of OTHER_LEVELS) await tryLevel(answering, level);
    }
  }
}

interface Answering extends Pick<StartedInNode, 'backend'> {
  readonly stage: Stage;
  readonly variant: Variant;
  readonly golden: Golden;
  readonly files: ModelFiles;
  readonly weights: WeightFiles;
}

async function answerStage(
  { backend, stage, variant, golden, files, weights }: Answering,
  optimization: Level,
  ways: readonly [Step['way'], ...Step['way'][]],
): Promise<void> {
  const place = { variant: variant.name, stage: stage.name };
  await send({ begun: { ...place, way: ways[0] } });
  const session = await backend.createSession({
    spec: stage,
    variant: variantOfStage(variant, stage),
    files,
    weights,
    optimization,
  });
  for (const { name, inputs } of casesOfStage(golden, stage)) {
    for (const way of ways) {
      const step = { ...place, case: name, way };
      await send({ begun: step });
      const outputs = await session.run(feedsOf(stage, files, inputs));
      await send({ answered: step, outputs });
    }
  }
  await session.release();
}

async function tryLevel(answering: Answering, level: Level): Promise<void> {
  const { stage, variant } = answering;
  const step: Step = { variant: variant.name, stage: stage.name, way: level };
  await answerStage(answering, level, [level]).catch((error) =>
    send({ impassable: step, message: messageOf(error) }),
  );
}

function sendFailure(error: unknown): Promise<void> {
  const code = isNearsideError(error) ? error.code : 'backend-failed';
  return send({ failed: { code, message: messageOf(error) } });
}

function send(message: Message): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}
