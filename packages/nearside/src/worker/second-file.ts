import { STEPS_FILE, type StepTable } from '@nearside/pipeline';
import { openUnsignedVersion } from './unsigned-version.js';

export interface SecondFile {
  readonly steps: StepTable;
  readonly openUnsignedVersion: typeof openUnsignedVersion;
}

/**
 * Most models need nothing of this. The build makes `steps.js` of it; what a worker has already is handed to it: see
 * `second-file-parts.ts`.
 */
export const SECOND_FILE: SecondFile = { steps: STEPS_FILE, openUnsignedVersion };
