// One of ONNX Runtime's files for WebGPU: `?file=jspi` or `?file=webgpu`, which has asyncify.
const file = new URL(location.href).searchParams.get('file');
const ort = await import(`./ort.${file}.bundle.min.mjs`);
ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';
const sessions = new Map();

self.onmessage = async ({ data: { model, type, dims } }) => {
  try {
    sessions.has(model) || sessions.set(model, await open(model));
    const session = sessions.get(model);
    const size = dims.reduce((product, axis) => product * axis, 1);
    const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i / 7));
    const feeds = { [session.inputNames[0]]: new ort.Tensor(type, values, dims) };
    const startMs = performance.now();
    const outputs = await session.run(feeds);
    const ms = performance.now() - startMs;
    self.postMessage({ ms, values: Array.from(outputs[session.outputNames[0]].data) });
  } catch (error) {
    self.postMessage({ failed: String(error?.message ?? error) });
  }
};
self.postMessage({});

/** As the library's backend asks for it. */
function open(model) {
  return ort.InferenceSession.create(model, {
    executionProviders: ['webgpu'],
    logSeverityLevel: 3,
  });
}
