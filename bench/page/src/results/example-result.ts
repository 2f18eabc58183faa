import type { BenchResult } from './result.ts';

/** A result of two rows, as a run makes it: for tests. */
export function exampleResult(): BenchResult {
  const latency = {
    count: 200,
    thrownAway: 0,
    p50Ms: 0.25,
    p90Ms: 0.3,
    p95Ms: 0.35,
    p99Ms: 0.9,
    meanMs: 0.27,
    points: Array.from({ length: 41 }, (_, i) => 0.2 + i / 100),
    turnMediansMs: [0.26, 0.25, 0.24, 0.25, 0.25, 0.27],
    warmUpRuns: 45,
    isSteady: true,
  };
  const golden = { against: 'golden', isRight: true, worstShare: 0.01, cases: 3 } as const;
  return {
    format: 1,
    kind: 'nearside-benchmark',
    at: '2026-11-27T12:00:00.000Z',
    library: '0.1.0',
    model: { id: 'digits', title: 'Digits', sizeBytes: 24_716 },
    threads: 2,
    device: {
      browser: 'Chrome 156',
      system: 'Linux',
      cores: 2,
      memoryGb: 8,
      isIsolated: true,
      gpu: null,
      screen: '1280 × 720',
    },
    rows: [
      {
        id: 'nearside-onnx-wasm',
        title: 'Nearside onnx-wasm',
        place: 'worker',
        isPeer: false,
        state: 'done',
        backend: 'onnx-wasm',
        variant: 'int8',
        threads: 2,
        hardware: 'cpu',
        isSoftwareGpu: false,
        correctness: golden,
        latency,
        coldStart: { totalMs: 420, stages: { runtime: 300, session: 20 } },
        warmStart: { totalMs: 210, stages: { runtime: 120, session: 20 } },
        throughput: [
          { batch: 1, perSecond: 4_000 },
          { batch: 16, perSecond: 9_800 },
          { batch: 64, perSecond: 10_000 },
        ],
        smoothness: { stretchMs: 1_000, blockingMs: 0, longestMs: 0, droppedFrames: 0 },
        memoryBytes: 33_554_432,
      },
      {
        id: 'nearside-onnx-webgpu',
        title: 'Nearside onnx-webgpu',
        place: 'worker',
        isPeer: false,
        state: 'skipped',
        problem: { code: 'unfit', message: 'This browser has no WebGPU.' },
      },
    ],
  };
}
