// A first visit: from the click on a link to the first result, in ms.
import { open, openUnsigned } from 'nearside';
import digitsUrl from '../../models/digits/int8/model.onnx?url';

const asked = new URLSearchParams(location.search);
const backend = asked.get('backend') ?? undefined;
const runtime = asked.get('runtime') ?? undefined;
const model = asked.has('unsigned') ? await openFile() : await openPublished();
const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data: new Float32Array(784) };
const { meta } = await model.run({ tensors: { pixel_values } });
const firstResultMs = performance.now();
const atMs = performance.timeOrigin + firstResultMs;
document.body.textContent = JSON.stringify({ firstResultMs, atMs, backend: meta.backend });
document.documentElement.dataset.state = 'done';

async function openPublished() {
  const { model: url, trust, integrity } = await (await fetch('/nearside.config.json')).json();
  const by = asked.has('sealed') ? { integrity } : { trust };
  return open(url, { ...by, backend, runtime });
}

async function openFile() {
  const file = await (await fetch(digitsUrl)).blob();
  return openUnsigned(file, {}, { selfCheck: asked.get('selfCheck') ?? undefined });
}
