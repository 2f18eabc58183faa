import { cp, readFile, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { labBaseline } from '../fleet/model.mjs';
import { drawsOf } from '../fleet/random.mjs';

export const MODEL = 'digits';
/** The version that all devices have, and the one that is shipped to some. */
export const BEFORE = '1.0.0';
export const SHIPPED = '1.1.0';

/**
 * What is other in model.json of the version that is shipped. Its golden answers stay right, because they begin behind
 * pre-processing.
 *
 * @type {Record<string, (steps: object[]) => object[]>}
 */
export const CHANGES = {
  nothing: (steps) => steps,
  /** Each picture is made large before it is made small. */
  slow: (steps) =>
    steps.flatMap((step) => (step.step === 'resize' ? [{ ...step, size: LARGE }, step] : [step])),
  /** Pixels are a tenth as bright as those that the model has learnt from. */
  dark: (steps) =>
    steps.map((step) =>
      step.step === 'rescale' ? { ...step, rescale_factor: step.rescale_factor / 10 } : step,
    ),
};
const LARGE = { height: 1000, width: 1000 };

/**
 * Packs digits as one version.
 *
 * @param {string} dir empty folder to work in
 * @param {{ version: string, change?: keyof typeof CHANGES }} which
 * @returns {Promise<string>} the packed folder
 */
export async function packVersion(dir, { version, change = 'nothing' }) {
  const { pack } = await import('@nearside/publisher');
  const [modelDirectory, out] = [`${dir}/source`, `${dir}/packed`];
  await cp(`${root}models/${MODEL}`, modelDirectory, { recursive: true });
  const spec = JSON.parse(await readFile(`${modelDirectory}/model.json`, 'utf8'));
  await write(`${modelDirectory}/model.json`, {
    ...spec,
    version,
    sequence: version === BEFORE ? 1 : 2,
    preprocessing: CHANGES[change](spec.preprocessing),
  });
  // simulated devices are as sure as this says
  await write(`${modelDirectory}/baseline.json`, labBaseline(drawsOf(1)));
  await pack({ modelDirectory, out, onnxRuntime: 'common' });
  return out;
}

function write(file, content) {
  return writeFile(file, JSON.stringify(content));
}
