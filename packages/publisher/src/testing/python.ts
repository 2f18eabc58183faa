import { spawnSync } from 'node:child_process';

const candidates = ['python3', '/usr/bin/python3'];

/** @returns a Python that has these modules; undefined where none is installed */
export function findPython(...modules: readonly string[]): string | undefined {
  return candidates.find((python) => {
    return spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0;
  });
}

/** A Python that can compute golden outputs, or undefined where none is installed. */
export const PYTHON = findPython('numpy', 'onnxruntime', 'PIL');

/** Ends the name of a test that is skipped, so that the output says why. */
export const PYTHON_NOTE = PYTHON
  ? ''
  : ' (skipped: no python3 with numpy, onnxruntime and pillow)';
