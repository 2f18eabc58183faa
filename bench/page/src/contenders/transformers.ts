import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import type { ModelVariant } from '../models/bench-model.ts';
import { BenchError } from '../problem.ts';
import { type Contender, needsOnnx, variantFor } from './contender.ts';
import { withHeap } from './heap-of.ts';
import { asOrtTensors } from './ort-tensors.ts';

export const transformers: Contender = {
  id: 'transformers',
  title: 'transformers.js',
  place: 'main thread',
  isPeer: true,
  unfit: needsOnnx,
  async prepare(model, { threads, signal }) {
    const { name, files } = variantFor(model, 'onnx') as ModelVariant;
    const bytes = new Uint8Array(await (model.files[files[0] ?? ''] as Blob).arrayBuffer());
    const { openWithTransformers } = await import('./transformers-main.js');
    const wasm = await runtime(signal);
    const { opened: session, heapBytes } = await withHeap(() =>
      openWithTransformers({ bytes, threads, wasm }),
    );
    return {
      run: (tensors) => session.run(asOrtTensors(tensors)),
      dispose: async () => {
        await session.dispose();
      },
      variant: name,
      backend: 'wasm',
      threads,
      hardware: 'cpu',
      stages: {},
      heapBytes,
    };
  },
};

let unpacked: Promise<string> | undefined;

/** Where `build.mjs` has put its runtime, 25.5 MiB, packed: static hosts refuse what is over 25. */
const packedUrl = `${wasmUrl}.packed`;

/** Its runtime, from this page's own files; one for all visits to the row. */
function runtime(signal: AbortSignal): Promise<string> {
  unpacked ??= unpack(signal).catch((error) => {
    unpacked = undefined;
    throw error;
  });
  return unpacked;
}

async function unpack(signal: AbortSignal): Promise<string> {
  const response = await fetch(packedUrl, { signal });
  if (!response.ok || !response.body)
    throw new BenchError(
      'file-unreachable',
      `Expected its runtime at ${wasmUrl}, got status ${response.status}.`,
    );
  const body = response.body.pipeThrough(new DecompressionStream('gzip'));
  const headers = { 'Content-Type': 'application/wasm' };
  return URL.createObjectURL(await new Response(body, { headers }).blob());
}
