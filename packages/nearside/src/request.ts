import type { ModelSpec, Tensors } from '@nearside/core';
import { postprocess, preprocess } from '@nearside/pipeline';
import { observe } from './observe.js';
import type { RunReply, RunRequest, WireInput } from './protocol.js';
import type { Session } from './session.js';

/**
 * One request: preprocess → run → postprocess. The only place where the stages meet. Tensors in
 * give the model's tensors out, with no stage around the run.
 *
 * @param arrivedMs when the request reached the worker, by `performance.now()`
 * @throws NearsideError request and backend codes
 */
export async function runRequest(
  session: Session,
  { input, topK }: RunRequest,
  { arrivedMs }: { arrivedMs: number },
): Promise<RunReply> {
  const { spec } = session.version;
  const startMs = performance.now();

  const tensors = await toTensors(input, spec);
  const readyMs = performance.now();

  const outputs = await session.run(tensors);
  const ranMs = performance.now();

  const { output, scores } =
    input.kind === 'tensors'
      ? { output: { tensors: outputs }, scores: undefined }
      : postprocess(outputs, spec, { topK });
  const top = Array.isArray(output) ? output[0] : undefined;
  const observation =
    session.baseline && scores && top && observe(scores, top.label, session.baseline);

  return {
    output,
    observation,
    times: {
      wait: startMs - arrivedMs,
      pre: readyMs - startMs,
      run: ranMs - readyMs,
      post: performance.now() - ranMs,
    },
  };
}

/** Bitmaps and frames were given to the worker, which closes them: a camera has few. */
async function toTensors(input: WireInput, spec: ModelSpec): Promise<Tensors> {
  if (input.kind === 'tensors') return input.tensors;
  try {
    return await preprocess(input.image, spec);
  } finally {
    if ('close' in input.image) input.image.close();
  }
}
