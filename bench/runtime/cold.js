// A first visit: from the click on a link to the first result, in ms.
import { open } from 'nearside';

const asked = new URLSearchParams(location.search);
const backend = asked.get('backend') ?? undefined;
const runtime = asked.get('runtime') ?? undefined;
const { model: url, trust, integrity } = await (await fetch('/nearside.config.json')).json();
const by = asked.has('sealed') ? { integrity } : { trust };
const model = await open(url, { ...by, backend, runtime });
const pixel_values = { datatype: 'FP32', shape: [1, 1, 28, 28], data: new Float32Array(784) };
const { meta } = await model.run({ tensors: { pixel_values } });
const firstResultMs = performance.now();
document.body.textContent = JSON.stringify({ firstResultMs, backend: meta.backend });
document.documentElement.dataset.state = 'done';
