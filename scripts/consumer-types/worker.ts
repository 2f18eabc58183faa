// A worker of somebody else, without the types of a page.
import { NearsideError, serve, type Task } from 'nearside/worker';
import { onnxWasm } from 'nearside/worker/onnx-wasm';

const rows: Task = {
  preprocess(input, spec) {
    if (!Array.isArray(input)) throw new NearsideError('input-invalid', 'expected rows');
    const [first] = spec.inputs ?? [];
    const name: string = first?.name ?? 'x';
    return { [name]: { datatype: 'FP32', shape: [1, 4], data: new Float32Array(4) } };
  },
  postprocess: ({ y }) => y?.data[0],
};

serve({ backend: onnxWasm, tasks: { rows } });
// @ts-expect-error a backend is required
serve({ tasks: { rows } });
