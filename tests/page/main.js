// A page with the library on `globalThis`, for flows that drive it call by call.
import * as nearside from 'nearside';
import { showInDevTools } from 'nearside/devtools';
import { microphone } from 'nearside/microphone';

/** A white stroke downwards on black, two pixels wide, from column `x` on. */
function stroke(x) {
  const image = new ImageData(28, 28);
  image.data.fill(255);
  for (let i = 0; i < image.data.length; i += 4) image.data.fill(0, i, i + 3);
  for (let y = 5; y < 23; y += 1) image.data.fill(255, (y * 28 + x) * 4, (y * 28 + x + 2) * 4);
  return image;
}

/** In the middle: a one. */
const one = () => stroke(13);

/** Events of a model that a flow may want to see. */
const TELLING = [
  'version-ready',
  'version-swapped',
  'version-failed',
  'version-rolled-back',
  'version-unsupported',
];

Object.assign(globalThis, { nearside, microphone, showInDevTools, one, stroke, TELLING });
document.documentElement.dataset.ready = 'yes';
