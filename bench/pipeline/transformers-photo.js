// The image processor of transformers.js, as it prepares a photo for a vision transformer.
import { RawImage, ViTImageProcessor } from '@huggingface/transformers';
import { MEAN, SIDE, STD } from './photo.js';

const processor = new ViTImageProcessor({
  do_resize: true,
  size: { width: SIDE, height: SIDE },
  resample: 2,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: MEAN,
  image_std: STD,
});

/** @returns {Promise<Float32Array>} the tensor of a photo */
export async function byTransformers(photo) {
  const { pixel_values } = await processor(await RawImage.fromBlob(photo));
  return pixel_values.data;
}
