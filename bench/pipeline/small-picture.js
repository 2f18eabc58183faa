// The digits model on a picture of its own size, beside the tensor of that picture.
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { openAlone } from './open-alone.js';

const SIDE = 28;
const PAIRS = sized(300);
const WARM_UPS = sized(200);

/** @returns pairs of times, ms: of an `ImageData`, and of its tensor */
export async function measureSmallPicture() {
  const model = await openAlone('digits', 'image-classification');
  const rgba = Uint8ClampedArray.from({ length: SIDE * SIDE * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (i * 7919) % 251,
  );
  const picture = new ImageData(rgba, SIDE, SIDE);
  const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => (i % 251) / 255);
  const pixel_values = { datatype: 'FP32', shape: [1, 1, SIDE, SIDE], data };
  const pairs = await compare(
    [() => model.run(picture), () => model.run({ tensors: { pixel_values } })],
    { pairs: PAIRS, warmUps: WARM_UPS },
  );
  await model.close();
  return pairs;
}
