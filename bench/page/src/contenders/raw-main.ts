import type { ModelVariant } from '../models/bench-model.ts';
import { type Contender, needsOnnx, variantFor } from './contender.ts';
import { withHeap } from './heap-of.ts';
import { asOrtTensors } from './ort-tensors.ts';

export const rawMain: Contender = {
  id: 'ort-main',
  title: 'onnxruntime-web on the main thread',
  place: 'main thread',
  isPeer: true,
  unfit: needsOnnx,
  async prepare(model, { threads }) {
    const { name, files } = variantFor(model, 'onnx') as ModelVariant;
    const bytes = new Uint8Array(await (model.files[files[0] ?? ''] as Blob).arrayBuffer());
    const { openOnMain } = await import('./ort-main.js');
    const { opened: session, heapBytes } = await withHeap(() => openOnMain({ bytes, threads }));
    return {
      run: (tensors) => session.run(asOrtTensors(tensors)),
      dispose: () => session.release(),
      variant: name,
      backend: 'wasm',
      threads,
      hardware: 'cpu',
      stages: {},
      heapBytes,
    };
  },
};
