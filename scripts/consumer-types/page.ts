// A page of somebody else: what its author writes has to compile, and what is wrong must not.
import { createEngine, isNearsideError, type Model, open, openUnsigned } from 'nearside';
import { type MicrophonePiece, microphone } from 'nearside/microphone';

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

const engine = createEngine({ workers: 2 });
for await (const { index, output } of (await engine.open('/digits', { trust: 'sha256-…' })).stream([
  canvas,
])) {
  console.log(index, output, numbers);
}
await (await openUnsigned(file)).close();

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
