// A worker of an app's own: digits drawn with characters, and one stage of its own for pictures.
import { NearsideError, serve } from 'nearside/worker';
import { onnxWasm } from 'nearside/worker/onnx-wasm';

const SIDE = 28;

serve({
  backend: onnxWasm,
  tasks: {
    'read-drawings': {
      async preprocess({ rows, mistake, pixels }) {
        if (mistake === 'throw') throw new Error('no pencil');
        if (mistake === 'hang') await new Promise(() => {});
        if (mistake === 'shape') return tensors(new Float32Array(4), [1, 1, 2, 2]);
        if (pixels) return tensors(pixels, [1, 1, SIDE, SIDE]);
        if (!rows)
          throw new NearsideError('input-invalid', 'Expected rows of a drawing, got none.');
        const data = Float32Array.from(rows.join(''), (character) => (character === '#' ? 1 : 0));
        return tensors(data, [1, 1, SIDE, SIDE]);
      },
      async postprocess({ logits }, { name }) {
        const digit = logits.data.indexOf(Math.max(...logits.data));
        return { digit, scores: logits.data, by: name };
      },
    },
    // What is before comes from the spec: decode, grey, resize, rescale.
    'name-digits': {
      postprocess: ({ logits }) => `a ${logits.data.indexOf(Math.max(...logits.data))}`,
    },
    'return-functions': {
      preprocess: (pixels) => tensors(pixels, [1, 1, SIDE, SIDE]),
      postprocess: () => () => {},
    },
  },
});

function tensors(data, shape) {
  return { pixel_values: { datatype: 'FP32', shape, data } };
}
