import { measureEmbedding } from './embed.js';
import { measureFrame } from './frames.js';
import { measureObjects } from './objects.js';
import { measureSearch } from './search.js';
import { measureSmallPicture } from './small-picture.js';
import { measureText } from './text.js';
import { measureVoice } from './voice.js';

/** @returns what the worker of that name measured */
function inWorker(name) {
  const worker = new Worker(new URL('./steps-worker.js', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(name);
  });
}

globalThis.measurePhoto = () => inWorker('photo');
globalThis.measureAudio = () => inWorker('audio');
globalThis.measureSmallPicture = measureSmallPicture;
globalThis.measureVoice = measureVoice;
globalThis.measureSearch = measureSearch;
globalThis.measureText = measureText;
globalThis.measureFrame = measureFrame;
globalThis.measureObjects = measureObjects;
globalThis.measureEmbedding = measureEmbedding;

document.documentElement.dataset.state = 'ready';
