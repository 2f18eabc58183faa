// Silero VAD v6 over 30 s of sound, beside a bare loop over ONNX Runtime on the main thread.
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import * as ort from 'onnxruntime-web/wasm';
import modelUrl from '../../models/voice/int8/model.onnx?url';
import { compare } from '../compare.js';
import { sized } from '../sized.js';
import { openAlone } from './open-alone.js';

const RATE = 16_000;
const SECONDS = 30;
const PIECES = 300;
const FRAME = 512;
const CONTEXT = 64;
const PAIRS = sized(15);
/** Both runtimes are compiled anew in the background, on the same two cores, for some seconds after their first run. */
const WARM_UPS = sized(10);

/** Something that goes up and down like speech; what it is changes no time. */
const SOUND = Float32Array.from(
  { length: RATE * SECONDS },
  (_, i) => Math.sin(i / 9) * Math.sin(i / 4001) * 0.4,
);

/** @returns pairs of times, ms: all pieces there, and each handed over when the result before has been read */
export async function measureVoice() {
  // Frames are small: more threads would only wait for each other.
  const model = await openAlone('voice', 'voice-activity-detection');
  const raw = await openRaw();
  const together = await inTurns(() => streamTogether(model), raw);
  const pieces = await inTurns(() => streamPieceByPiece(model), raw);
  await model.close();
  return { together, pieces };
}

async function openRaw() {
  ort.env.wasm.wasmPaths = { wasm };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(modelUrl, { executionProviders: ['wasm'] });
  const sr = new ort.Tensor('int64', BigInt64Array.of(BigInt(RATE)), []);
  return async () => {
    let state = new ort.Tensor('float32', new Float32Array(256), [2, 1, 128]);
    const scores = [];
    const frame = new Float32Array(CONTEXT + FRAME);
    for (let at = 0; at + FRAME <= SOUND.length; at += FRAME) {
      frame.copyWithin(0, FRAME);
      frame.set(SOUND.subarray(at, at + FRAME), CONTEXT);
      const input = new ort.Tensor('float32', frame, [1, CONTEXT + FRAME]);
      const { output, stateN } = await session.run({ input, state, sr });
      state = stateN;
      scores.push(output.data[0]);
    }
    return scores;
  };
}

function pieceAt(i) {
  const size = SOUND.length / PIECES;
  return { samples: SOUND.slice(i * size, (i + 1) * size), sampleRateHz: RATE };
}

async function streamTogether(model) {
  const scores = [];
  const pieces = Array.from({ length: PIECES }, (_, i) => pieceAt(i));
  for await (const { output } of model.stream(pieces)) scores.push(...scoresOf(output));
  return scores;
}

/** As a microphone does: a piece comes when the result of the one before it has been read. */
async function streamPieceByPiece(model) {
  const scores = [];
  let read = () => {};
  async function* microphone() {
    for (let i = 0; i < PIECES; i += 1) {
      const isRead = new Promise((resolve) => {
        read = resolve;
      });
      yield pieceAt(i);
      await isRead;
    }
  }
  for await (const { output } of model.stream(microphone())) {
    scores.push(...scoresOf(output));
    read();
  }
  return scores;
}

function scoresOf({ windows }) {
  return windows.map(({ score }) => score);
}

/** Both have to compute the same, or one of them measures something else. */
async function inTurns(ours, raw) {
  const expected = await raw();
  return compare([() => checked(ours, expected), () => checked(raw, expected)], {
    pairs: PAIRS,
    warmUps: WARM_UPS,
  });
}

async function checked(run, expected) {
  const scores = await run();
  const isSame =
    scores.length === expected.length &&
    scores.every((score, i) => Math.abs(score - expected[i]) < 1e-5);
  if (!isSame) {
    throw new Error(`expected ${expected.length} scores as before, got ${scores.length} others`);
  }
}
