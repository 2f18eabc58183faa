/**
 * What a suite needs beside Chromium, and about how many minutes it takes on two cores: as it is, and with `--quick`. Those with
 * `--quick`, and of telemetry, atlas, collector and operate the others too, were measured on a busy machine; the rest is reckoned
 * from them by the number of trials. Each run ends with how long it took.
 *
 * @type {Record<string, { minutes: number, quickMinutes: number, needs?: string[] }>}
 */
export const SUITES = {
  runtime: { minutes: 10, quickMinutes: 2 },
  artifact: { minutes: 5, quickMinutes: 2 }, // it goes on without Python, and says what its rows lack
  pipeline: { minutes: 10, quickMinutes: 4 },
  start: { minutes: 40, quickMinutes: 8, needs: ['numpy', 'onnxruntime'] },
  memory: { minutes: 8, quickMinutes: 3 },
  slim: { minutes: 60, quickMinutes: 10 },
  peers: { minutes: 6, quickMinutes: 3 },
  rehearsal: { minutes: 10, quickMinutes: 4 },
  telemetry: { minutes: 1, quickMinutes: 1 },
  atlas: { minutes: 4, quickMinutes: 4 },
  collector: { minutes: 11, quickMinutes: 2 },
  deaths: { minutes: 20, quickMinutes: 3, needs: ['firefox', 'webkit', 'xvfb'] },
  quantize: {
    ...{ minutes: 40, quickMinutes: 12 },
    needs: [
      ...['numpy', 'onnx', 'onnxruntime', 'PIL', 'cv2', 'pyclipper'],
      ...['DejaVu', 'Liberation', 'espeak'],
    ],
  },
  operate: { minutes: 9, quickMinutes: 2, needs: ['postgres', 'prometheus'] },
  rollout: { minutes: 70, quickMinutes: 2 },
};
