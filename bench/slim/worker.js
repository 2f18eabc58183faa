// The library's ONNX backend in a worker, with whatever runtime file it is told to use.
import { onnxWasm } from 'nearside/worker/onnx-wasm';
import { breakModel, drawInputs, spoilInputs, tensorOf } from './draw.js';

// The library and ONNX Runtime start their threads from this same file, by names, and listen there themselves.
if (!self.name) self.onmessage = answer;

// A list is made with four threads on a machine with two cores too.
Object.defineProperty(navigator, 'hardwareConcurrency', { value: 8 });

const files = new Map();

async function answer({ data: { wasm, threads, job, time } }) {
  try {
    if (time) self.postMessage({ times: await timeSteps(time) });
    else if (job) await work(job);
    else await start(wasm, threads);
  } catch (error) {
    self.postMessage({ outcome: outcomeOf(error) });
    self.postMessage({ done: true });
  }
}

async function start(wasm, threads) {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = (source, imports) => {
    const all = Object.values(imports ?? {}).flatMap((group) => Object.values(group));
    const memory = all.find((value) => value instanceof WebAssembly.Memory);
    if (memory && crossOriginIsolated) self.postMessage({ memory });
    return instantiate(source, imports);
  };
  const module = await WebAssembly.compileStreaming(fetch(wasm));
  const traits = await onnxWasm.start({ wasm: module, threads, onLost() {} });
  if (traits.threads !== threads)
    throw new Error(`Expected ${threads} threads, got ${traits.threads}`);
  self.postMessage({ ready: true });
}

/** The runtime itself starts with the first session. */
async function timeSteps({ wasm, threads, model }) {
  const request = await requestOf(model);
  const inputs = drawInputs(model.inputs, 0);
  const at = [performance.now()];
  const module = await WebAssembly.compileStreaming(fetch(wasm));
  at.push(performance.now());
  await onnxWasm.start({ wasm: module, threads, onLost() {} });
  const session = await onnxWasm.createSession(request);
  at.push(performance.now());
  await session.run(inputs);
  at.push(performance.now());
  return { compile: at[1] - at[0], session: at[2] - at[1], 'first-run': at[3] - at[2] };
}

/**
 * A job is runs of one model in one session, except for those of a broken model, which has a session of its own.
 *
 * @param {{ model: { files: string[], dimensions?: object, inputs: object, state?: object }, runs: object[] }} job
 *   a run is `{ inputs }` as they are, or `{ seed }`; `{ seed, spoil }` makes something wrong, `{ profile }` keeps one
 */
async function work({ model, runs }) {
  const request = await requestOf(model);
  let session;
  let state = {};
  for (const run of runs) {
    const outcome = await outcomeOfRun(run);
    self.postMessage({ outcome });
    if (outcome === 'trap') return;
  }
  await session?.release();
  self.postMessage({ done: true });

  async function outcomeOfRun(run) {
    try {
      if (run.spoil === 'file') return await runBroken(request, model, run.seed);
      if (run.profile) return await profile(request, model, run.seed);
      session ??= await onnxWasm.createSession(request);
      const inputs = { ...inputsOf(model, run), ...(!run.spoil && state) };
      const outputs = await session.run(inputs);
      for (const [from, to] of Object.entries(model.state ?? {}))
        state = { ...state, [to]: outputs[from] };
      return await hashOf(outputs);
    } catch (error) {
      return outcomeOf(error);
    }
  }
}

function inputsOf(model, { inputs, seed, spoil }) {
  const given = Object.entries(inputs ?? {}).map(([name, tensor]) => [name, tensorOf(tensor)]);
  const drawn = { ...drawInputs(model.inputs, seed), ...Object.fromEntries(given) };
  return spoil ? spoilInputs(drawn, { seed, spoil }) : drawn;
}

async function runBroken(request, model, seed) {
  const [name, bytes] = [...request.files][seed % request.files.size];
  const broken = new Map([...request.files, [name, breakModel(bytes, seed)]]);
  const session = await onnxWasm.createSession({ ...request, ...given(broken) });
  try {
    return await hashOf(await session.run(drawInputs(model.inputs, seed)));
  } finally {
    await session.release();
  }
}

async function profile(request, model, seed) {
  const inputs = drawInputs(model.inputs, seed);
  await onnxWasm.profile({ ...request, spec: specOf(model), inputs, runs: 2 });
  return 'profiled';
}

function specOf({ inputs, outputs }) {
  const named = (all) => Object.entries(all).map(([name, [datatype]]) => ({ name, datatype }));
  return { inputs: named(inputs), outputs: named(outputs ?? {}) };
}

async function requestOf({ files: addresses, dimensions }) {
  const named = addresses.map(async (address) => {
    if (!files.has(address)) files.set(address, await download(address));
    return [address.slice(address.lastIndexOf('/') + 1), files.get(address)];
  });
  const all = new Map(await Promise.all(named));
  const variant = { runtime: 'onnx', files: [...all.keys()], dimensions };
  return { spec: { inputs: [], outputs: [] }, variant, ...given(all) };
}

/** A file of weights is one chunk. */
function given(files) {
  const [, ...others] = files;
  const weights = others.map(([name, bytes]) => {
    return [name, { chunkBytes: [bytes.length], read: async () => bytes.slice() }];
  });
  return { files, weights: new Map(weights) };
}

async function download(address) {
  return new Uint8Array(await (await fetch(address)).arrayBuffer());
}

/** Of names, types, shapes and every bit of the values. */
async function hashOf(outputs) {
  const parts = [];
  for (const [name, { datatype, shape, data }] of Object.entries(outputs)) {
    parts.push(new TextEncoder().encode(`${name} ${datatype} ${shape}`));
    parts.push(
      ArrayBuffer.isView(data)
        ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        : new TextEncoder().encode(JSON.stringify(data)),
    );
  }
  const hash = await crypto.subtle.digest('SHA-256', await new Blob(parts).arrayBuffer());
  return Array.from(new Uint8Array(hash).subarray(0, 16), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/**
 * A trap is an end of the instance; any other error leaves it usable. One while the runtime starts has no cause: ONNX
 * Runtime puts its words into an error of its own.
 */
function outcomeOf(error) {
  for (let each = error; each; each = each.cause)
    if (each instanceof WebAssembly.RuntimeError) return 'trap';
  return error.message.includes('RuntimeError: ') ? 'trap' : `error: ${error.message}`;
}
