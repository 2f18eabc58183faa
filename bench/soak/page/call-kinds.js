/** A stroke downwards, in the middle: a one. */
function oneStroke() {
  const image = new ImageData(28, 28);
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255;
  for (let y = 5; y < 23; y += 1) image.data.fill(255, (y * 28 + 13) * 4, (y * 28 + 15) * 4);
  return image;
}

const isOne = ({ output }) => output[0].label === '1';

function tensors(shape) {
  const data = new Float32Array(shape.reduce((product, axis) => product * axis, 1));
  return { pixel_values: { datatype: 'FP32', shape, data } };
}

/** Kinds of calls with their weights. Each starts one and has the ledger watch it. */
const KINDS = [
  [
    40,
    (model, ledger) =>
      ledger.watch('picture', model.run(oneStroke(), { transfer: true }).then(isOne)),
  ],
  [
    20,
    (model, ledger) => {
      const finite = ({ output }) => output.tensors.logits.data.every(Number.isFinite);
      const call = model.run({ tensors: tensors([1, 1, 28, 28]) }, { priority: 'background' });
      ledger.watch('tensors', call.then(finite));
    },
  ],
  [
    15,
    (model, ledger) =>
      ledger.watch('interactive', model.run(oneStroke(), { priority: 'interactive' }).then(isOne)),
  ],
  [
    10,
    (model, ledger) =>
      ledger.watch('deadline', model.run(oneStroke(), { timeoutMs: 20 }).then(isOne)),
  ],
  [
    8,
    (model, ledger) => {
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      const call = model.run(oneStroke(), { signal: controller.signal });
      ledger.watch('aborted', call.then(isOne), reason);
      setTimeout(() => controller.abort(reason), Math.random() * 30);
    },
  ],
  [3, (model, ledger) => ledger.watch('no picture', model.run(new Blob(['text'])).then(isOne))],
  [3, (model, ledger) => ledger.watch('wrong shape', model.run({ tensors: tensors([28]) }))],
  [
    1,
    async (model, ledger) => {
      const bitmap = await createImageBitmap(oneStroke());
      ledger.watch('bitmap', model.run(bitmap, { transfer: true }).then(isOne));
    },
  ],
];

const WHOLE = KINDS.reduce((sum, [weight]) => sum + weight, 0);

function any() {
  let at = Math.random() * WHOLE;
  return KINDS.find(([weight]) => {
    at -= weight;
    return at < 0;
  })[1];
}

export const callKinds = { oneStroke, any };
