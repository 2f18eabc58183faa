/**
 * What a suite needs beside Chromium, and about how many minutes it takes on two cores: as it is, and with `--quick`. Those with
 * `--quick` are of one run of `all` beside other work. Of the others those of telemetry, atlas, collector, operate and rollout
 * were measured, and the rest is reckoned by the number of trials. Each run ends with how long it took.
 *
 * @type {Record<string, { minutes: number, quickMinutes: number, needs?: string[] }>}
 */
export const SUITES = {
  runtime: { minutes: 10, quickMinutes: 1 },
  artifact: { minutes: 5, quickMinutes: 4 }, // it goes on without Python, and says what its rows lack
  pipeline: { minutes: 10, quickMinutes: 2 },
  start: { minutes: 40, quickMinutes: 7, needs: ['numpy', 'onnxruntime'] },
  memory: { minutes: 8, quickMinutes: 3 },
  slim: { minutes: 60, quickMinutes: 9 },
  peers: { minutes: 6, quickMinutes: 3 },
  rehearsal: { minutes: 10, quickMinutes: 3 },
  telemetry: { minutes: 1, quickMinutes: 1 },
  atlas: { minutes: 4, quickMinutes: 2 },
  collector: { minutes: 11, quickMinutes: 1 },
  deaths: { minutes: 20, quickMinutes: 2, needs: ['firefox', 'webkit', 'xvfb'] },
  quantize: {
    ...{ minutes: 40, quickMinutes: 4 },
    needs: [
      ...['numpy', 'onnx', 'onnxruntime', 'PIL', 'cv2', 'pyclipper'],
      ...['DejaVu', 'Liberation', 'espeak'],
    ],
  },
  operate: { minutes: 9, quickMinutes: 1, needs: ['postgres', 'prometheus'] },
  rollout: { minutes: 70, quickMinutes: 1 },
};
