/** The report version this library writes and the newest one this collector reads. */
export const REPORT_VERSION = 1;

/** A report is about 1 KB; over this it is refused, by the sender and by the collector. */
export const MAX_REPORT_BYTES = 8 * 1024;

/** Cohorts are drawn at random per install; 64 make variance between them measurable. */
export const COHORTS = 64;

export const BACKENDS = ['onnx-wasm', 'onnx-webgpu', 'tfjs-wasm', 'tfjs-webgpu'] as const;
export type BackendName = (typeof BACKENDS)[number];

export const DEVICE_CLASSES = [
  'phone',
  'tablet',
  'desktop-small',
  'desktop-large',
  'server',
  'other',
] as const;
export type DeviceClass = (typeof DEVICE_CLASSES)[number];
