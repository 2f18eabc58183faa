import { spawnSync } from 'node:child_process';

const candidates = ['python3', '/usr/bin/python3'];

/** A Python that can compute golden outputs, or undefined where none is installed. */
export const PYTHON = candidates.find((python) => {
  const { status } = spawnSync(python, ['-c', 'import numpy, onnxruntime, PIL']);
  return status === 0;
});

/** Ends the name of a test that is skipped, so that the output says why. */
export const PYTHON_NOTE = PYTHON
  ? ''
  : ' (skipped: no python3 with numpy, onnxruntime and pillow)';
