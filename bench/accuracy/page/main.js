import { open, openUnsigned } from 'nearside';

globalThis.ask = async ({ url, trust, backend, task }, items) => {
  const model = await open(url, { trust, backend, task });
  const outputs = [];
  for (const { record, file } of items) {
    const input = record ?? (await (await fetch(`items/${file}`)).blob());
    outputs.push((await model.run(input)).output);
  }
  await model.close();
  return outputs;
};

/** @returns by input, a list of numbers for each output */
globalThis.askTensors = async (file, { name, shape, inputs }) => {
  const fetchBytes = async (item) => (await fetch(`items/${item}`)).arrayBuffer();
  const model = await openUnsigned(await fetchBytes(file), undefined, { backend: 'onnx-wasm' });
  const answers = [];
  for (const input of inputs) {
    const data = new Float32Array(await fetchBytes(input));
    const { output } = await model.run({ tensors: { [name]: { datatype: 'FP32', shape, data } } });
    const tensors = Object.entries(output.tensors).map(([key, tensor]) => [key, [...tensor.data]]);
    answers.push(Object.fromEntries(tensors));
  }
  await model.close();
  return answers;
};

/** MediaPipe's own runtime of its file of people. @returns by picture, the alpha of its mask, levels of 8 bits */
globalThis.askMediaPipe = async (pictures, size) => {
  await new Promise((resolve, reject) => {
    const script = document.createElement('script');
    Object.assign(script, {
      src: 'mediapipe/selfie_segmentation.js',
      onload: resolve,
      onerror: reject,
    });
    document.head.append(script);
  });
  const people = new globalThis.SelfieSegmentation({ locateFile: (file) => `mediapipe/${file}` });
  people.setOptions({ modelSelection: 0, selfieMode: false });
  const masks = [];
  people.onResults(({ segmentationMask }) => masks.push(levelsOf(segmentationMask, size)));
  for (const picture of pictures) {
    const rgb = new Uint8Array(await (await fetch(`items/${picture}`)).arrayBuffer());
    await people.send({ image: canvasOf(rgb, size) });
  }
  await people.close();
  return masks;
};

function canvasOf(rgb, size) {
  const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size });
  const context = canvas.getContext('2d');
  const pixels = context.createImageData(size, size);
  for (let i = 0; i < size * size; i++) {
    pixels.data.set([...rgb.subarray(i * 3, i * 3 + 3), 255], i * 4);
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function levelsOf(mask, size) {
  const context = new OffscreenCanvas(size, size).getContext('2d');
  context.drawImage(mask, 0, 0);
  const { data } = context.getImageData(0, 0, size, size);
  return Array.from({ length: size * size }, (_, i) => data[i * 4 + 3]);
}

document.documentElement.dataset.state = 'ready';
