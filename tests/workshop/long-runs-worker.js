// A worker whose clock goes a second ahead whenever it is read, from its first run on: a run of a millisecond counts as
// seconds of busy time.
import { serve } from 'nearside/worker';
import { onnxWasm } from 'nearside/worker/onnx-wasm';

const now = performance.now.bind(performance);
let [stepMs, aheadMs] = [0, 0];
performance.now = () => {
  aheadMs += stepMs;
  return now() + aheadMs;
};

const { addEventListener } = MessagePort.prototype;
MessagePort.prototype.addEventListener = function (type, listener) {
  addEventListener.call(this, type, (event) => {
    if (event.data?.nearside === 'run') stepMs = 1_000;
    listener(event);
  });
};

serve({ backend: onnxWasm });
