/**
 * What a suite needs beside Chromium, and about how many minutes it takes on two cores: as it is, and with `--quick`.
 *
 * @type {Record<string, { minutes: number, quickMinutes: number, needs?: string[] }>}
 */
export const SUITES = {
  runtime: { minutes: 1, quickMinutes: 1 },
  artifact: { minutes: 1, quickMinutes: 1 }, // it goes on without Python, and says what its rows lack
  pipeline: { minutes: 1, quickMinutes: 1 },
  start: { minutes: 1, quickMinutes: 1, needs: ['numpy', 'onnxruntime'] },
  memory: { minutes: 1, quickMinutes: 1 },
  slim: { minutes: 1, quickMinutes: 1 },
  peers: { minutes: 1, quickMinutes: 1 },
  rehearsal: { minutes: 1, quickMinutes: 1 },
  telemetry: { minutes: 1, quickMinutes: 1 },
  atlas: { minutes: 1, quickMinutes: 1 },
  collector: { minutes: 1, quickMinutes: 1 },
  deaths: { minutes: 1, quickMinutes: 1, needs: ['firefox', 'webkit', 'xvfb'] },
  quantize: {
    ...{ minutes: 1, quickMinutes: 1 },
    needs: [
      ...['numpy', 'onnx', 'onnxruntime', 'PIL', 'cv2', 'pyclipper'],
      ...['DejaVu', 'Liberation', 'espeak'],
    ],
  },
  operate: { minutes: 9, quickMinutes: 1, needs: ['postgres', 'prometheus'] },
  rollout: { minutes: 1, quickMinutes: 1 },
};
