import { fillMonth } from '../collector/fill.mjs';
import { BACKENDS, DEVICES, VERSIONS } from '../collector/reports.mjs';
import { sized } from '../sized.js';

export const MODELS = ['digits', ...Array.from({ length: 19 }, (_, i) => `model-${i + 1}`)];
const REPORTS = sized(200_000, 10_000);

/** A file of 20 models after a month, each with 5 versions on 6 classes of device and 4 backends. */
export function fillFleet(file, { reports = REPORTS } = {}) {
  const of = MODELS.flatMap((model) =>
    VERSIONS.flatMap((version) =>
      DEVICES.flatMap((device) => BACKENDS.map((backend) => ({ model, version, device, backend }))),
    ),
  );
  return fillMonth(file, { reports, of });
}
