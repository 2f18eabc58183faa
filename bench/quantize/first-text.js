// One visit, as the query's `how` tells it: opens the model that reads text, and reads a picture.
import { open } from 'nearside';

const { url, integrity } = JSON.parse(new URLSearchParams(location.search).get('how'));

async function visit() {
  const model = await open(url, { integrity, backend: 'onnx-wasm' });
  const { output } = await model.run(drawPicture());
  const text = output.map((line) => line.text).join(' ');
  return text === ''
    ? { error: 'expected text, got none' }
    : { firstTextMs: performance.now(), text };
}

function drawPicture() {
  const context = new OffscreenCanvas(480, 320).getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, 480, 320);
  context.fillStyle = 'black';
  context.font = '32px sans-serif';
  context.fillText('Platform 9 to Market Street', 24, 120);
  return context.getImageData(0, 0, 480, 320);
}

const seen = await visit().catch((error) => ({ error: `${error.code ?? ''} ${error.message}` }));
document.body.textContent = JSON.stringify(seen);
document.documentElement.dataset.state = 'done';
