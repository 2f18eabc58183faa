import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** models/digits of this repository. */
export const DIGITS = fileURLToPath(new URL('../../../../models/digits', import.meta.url));

const DIGIT_LABELS = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, `${i}`]));

const CONFIG = {
  architectures: ['ResNetForImageClassification'],
  model_type: 'resnet',
  id2label: DIGIT_LABELS,
};

const PREPROCESSOR = {
  image_processor_type: 'ViTImageProcessor',
  do_resize: true,
  size: { height: 28, width: 28 },
  resample: 2,
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: false,
};

/** The digits model as Hugging Face's exporter would leave it. */
export async function writeHuggingFaceFolder(
  directory: string,
  { config = {}, preprocessor = {} }: { config?: object; preprocessor?: object } = {},
): Promise<string> {
  await mkdir(join(directory, 'onnx'), { recursive: true });
  await copyFile(join(DIGITS, 'fp32/model.onnx'), join(directory, 'onnx/model.onnx'));
  await copyFile(join(DIGITS, 'int8/model.onnx'), join(directory, 'onnx/model_quantized.onnx'));
  const documents = {
    'config.json': { ...CONFIG, ...config },
    'preprocessor_config.json': { ...PREPROCESSOR, ...preprocessor },
  };
  for (const [name, document] of Object.entries(documents)) {
    await writeFile(join(directory, name), JSON.stringify(document));
  }
  return directory;
}
