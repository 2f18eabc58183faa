// A page of somebody else: what its author writes has to compile, and what is wrong must not.
import {
  canRun,
  createEngine,
  isNearsideError,
  type LabelScore,
  type Model,
  type ModelReference,
  open,
  openUnsigned,
  prefetch,
  type Tensor,
} from 'nearside';
import { showInDevTools } from 'nearside/devtools';
import { type MicrophonePiece, microphone } from 'nearside/microphone';
import * as react from 'nearside/react';
import { createIndex, embedAll } from 'nearside/search';
import * as svelte from 'nearside/svelte';
import { verifiedFetch } from 'nearside/transformers';
import * as vue from 'nearside/vue';
import { breastCancer } from './breast-cancer.model.js';
import { digits } from './digits.model.js';

declare const video: HTMLVideoElement;
declare const canvas: OffscreenCanvas;
declare const file: File;
declare const sound: AudioBuffer;

const model: Model = await open('https://cdn.example/models/digits', {
  trust: 'sha256-…',
  worker: () => new Worker('/worker.js', { type: 'module' }),
});
for (const picture of [video, canvas, file]) {
  const { output, meta } = await model.run(picture);
  const label: string | undefined = output[0]?.label;
  const runMs: number = meta.runMs;
  // @ts-expect-error milliseconds are a number
  const wrong: string = meta.runMs;
  console.log(label, runMs, wrong);
}
await model.run(sound);
showInDevTools(model)();
await verifiedFetch({ url: 'models/bert', integrity: 'sha256-…' })('models/bert/config.json');
// @ts-expect-error a promise of a model is none
showInDevTools(open('https://cdn.example/models/digits', { trust: 'sha256-…' }));
// @ts-expect-error an element that holds no picture
await model.run(document.createElement('p'));
// @ts-expect-error a pin is required
await open('https://cdn.example/models/digits');
const { output } = await model.run({
  tensors: { x: { datatype: 'FP32', shape: [1], data: new Float32Array(1) } },
});
const numbers = output.tensors.x;
// @ts-expect-error FP16 is held in 16 bits
await model.run({ tensors: { x: { datatype: 'FP16', shape: [1], data: new Float32Array(1) } } });

/** As modules have them that `nearside seal --module` writes; those of two models are made of them. */
const penguins: ModelReference<
  {
    readonly island: 'Biscoe' | 'Dream' | null;
    readonly mass: number | null;
    readonly adult?: boolean | null;
  },
  readonly LabelScore<'Adelie' | 'Gentoo'>[]
> = { url: 'models/penguins', trust: 'sha256-…', task: 'tabular-classification' };
const encoder: ModelReference<
  { readonly tensors: { readonly ids: Tensor<'INT64'>; readonly mask?: Tensor<'INT64'> } },
  { readonly tensors: { readonly embedding: Tensor<'FP32'> } }
> = { url: 'models/encoder', trust: 'sha256-…', task: 'tensors' };

const engine = createEngine({ workers: 2 });
const classifier = await open(digits);
const [best] = (await classifier.run(canvas, { topK: 1 })).output;
if (best?.label === '1') classifier.feedback('id', { label: '0' });
// @ts-expect-error a misspelt label
if (best?.label === 'one') await classifier.warm();
// @ts-expect-error a misspelt label, as the truth
classifier.feedback('id', { label: 'zero' });
// @ts-expect-error a picture is no record
await classifier.run({ island: 'Dream' });
const diagnosis = await open(breastCancer);
const stop: () => void = showInDevTools(diagnosis);
stop();
await diagnosis.run({ 'worst radius': 25.4, 'worst area': null });
// @ts-expect-error a misspelt feature
await diagnosis.run({ 'worst radios': 25.4 });
for await (const { output } of classifier.score([canvas])) {
  // @ts-expect-error a misspelt label, of a result among many
  if (output?.[0]?.label === 'one') break;
}

const sorter = await engine.open(penguins, { backend: 'onnx-wasm' });
await sorter.run({ island: 'Dream', mass: 4200 });
await sorter.remember({ mass: 4200 });
// @ts-expect-error a misspelt feature
await sorter.run({ island: 'Dream', mas: 4200 });
// @ts-expect-error a misspelt category
await sorter.run({ island: 'Dreem', mass: 4200 });
// @ts-expect-error a number in place of a boolean
await sorter.run({ island: 'Dream', mass: 4200, adult: 1 });
// @ts-expect-error a feature that has no default is left out
await sorter.run({ island: 'Dream' });
// @ts-expect-error a misspelt feature is not remembered
await sorter.remember({ mas: 4200 });

const ids = { datatype: 'INT64', shape: [1, 1], data: BigInt64Array.of(101n) } as const;
const embedder = await open(encoder, { task: 'tensors', onProgress: ({ ratio }) => ratio });
const embedded = (await embedder.run({ tensors: { ids } })).output.tensors;
const floats: Float32Array = embedded.embedding.data;
// @ts-expect-error a misspelt tensor of the outputs
console.log(floats, embedded.embeding);
// @ts-expect-error a misspelt tensor of the inputs
await embedder.run({ tensors: { id: ids } });
// @ts-expect-error another datatype than the model's
await embedder.run({ tensors: { ids: { datatype: 'FP32', shape: [1], data: floats } } });
// @ts-expect-error a tensor of another name, timed
await embedder.profile({ tensors: { id: ids } });

const sentences = await open('https://cdn.example/models/sentences', {
  trust: 'sha256-…',
  task: 'feature-extraction',
});
const { vectors, hits } = await embedAll(sentences, ['a text']);
const index = createIndex({ dimensions: 512 });
await index.add(vectors.map((vector, i) => ({ id: String(i), text: 'a text', vector })));
const { output: vector } = await sentences.run('a query');
for (const { id, score, words } of await index.search({ text: 'a query', vector }, { top: 3 }))
  console.log(id, score, words, hits);
// @ts-expect-error an index takes vectors, not lists
await index.add({ id: '1', vector: [1, 2] });
// @ts-expect-error a classifier gives no vectors
await embedAll(classifier, ['a text']);

/** A component of each framework. */
export function classify(picture: File | undefined): void {
  const { model, error } = react.useModel(digits, { policy: { saveData: true } });
  const answer = react.useRun(model, picture);
  // @ts-expect-error a misspelt label
  console.log(error, answer.output?.[0]?.label === 'one', answer.isRunning);
  // @ts-expect-error a picture is no record
  react.useRun(model, { island: 'Dream' });
  // @ts-expect-error a signal would end the opening of others too
  react.useModel(digits, { signal: new AbortController().signal });
  const sorter = vue.useModel(() => penguins);
  const label: 'Adelie' | 'Gentoo' | undefined = vue.useRun(sorter.model, () => ({
    island: 'Dream' as const,
    mass: 4200,
  })).output.value?.[0]?.label;
  // @ts-expect-error a misspelt feature
  vue.useRun(sorter.model, { island: 'Dream', mas: 4200 });
  const opened = svelte.useModel('models/faces', { trust: 'sha256-…', task: 'object-detection' });
  svelte.useRun(opened, picture).subscribe(({ output }) => console.log(label, output?.[0]?.score));
}

const { fits } = await canRun(digits);
const { version } = await prefetch(penguins, { store: 'auto' });
console.log(fits, version);
// @ts-expect-error a reference has an address
await open({ trust: 'sha256-…' });

for await (const { index, output } of (await engine.open('/digits', { trust: 'sha256-…' })).stream([
  canvas,
])) {
  console.log(index, output, numbers);
}
await (await openUnsigned(file)).close();
const x = { datatype: 'FP32', shape: [1], data: new Float32Array(1) };
await (await openUnsigned('/model.onnx')).run({ tensors: { x } });
await openUnsigned({
  'model.onnx': '/a/model.onnx',
  'model.onnx.data': new URL('https://cdn.example/a/model.onnx.data'),
});
// @ts-expect-error a list is no model
await openUnsigned([file]);

try {
  const constraints: MediaTrackConstraints = { echoCancellation: false };
  for await (const piece of microphone({ constraints })) take(piece);
  // @ts-expect-error constraints are an object
  microphone({ constraints: 1 });
} catch (error) {
  if (isNearsideError(error)) console.log(error.code, error.retryable);
}

function take({ samples, sampleRateHz }: MicrophonePiece): void {
  const copy: Float32Array = samples.slice();
  console.log(copy.length / sampleRateHz);
}

/** Ends with the block. */
export async function score(): Promise<number> {
  await using opened = await engine.open('/digits', { trust: 'sha256-…' });
  return (await opened.run(canvas)).meta.runMs;
}
