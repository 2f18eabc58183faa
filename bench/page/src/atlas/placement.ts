/** Where ONNX Runtime places a model's nodes on `onnx-webgpu`. */
export interface Placement {
  /** @returns whether a node of it runs on the CPU; undefined where that could not be found out. @throws `signal.reason` */
  isOnCpu(model: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<boolean | undefined>;
  close(): void;
}

/** A placement is told within milliseconds once its runtime is there. */
const LIMIT_MS = 30_000;

export function createPlacement(): Placement {
  let worker: Worker | undefined;

  function close(): void {
    worker?.terminate();
    worker = undefined;
  }

  return {
    async isOnCpu(model, signal) {
      signal.throwIfAborted();
      worker ??= new Worker(new URL('./placement-worker.js', import.meta.url), { type: 'module' });
      const answer = await ask(
        worker,
        model,
        AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
      );
      signal.throwIfAborted();
      if (answer === undefined) close();
      return answer;
    },
    close,
  };
}

function ask(worker: Worker, model: Uint8Array, signal: AbortSignal): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data.failed === undefined ? data.isOnCpu : undefined);
    worker.onerror = () => resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
    worker.postMessage(model);
  });
}
