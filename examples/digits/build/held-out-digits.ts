import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Plugin } from 'vite';
import { readHeldOut } from '../../../models/digits/held-out.mjs';

/** Emits the digits that training never saw: `held-out.bin` (n × 784 bytes) and their labels. */
export function heldOutDigits(): Plugin {
  return {
    name: 'held-out-digits',
    apply: 'build',
    generateBundle() {
      const require = createRequire(import.meta.url);
      const digits = readHeldOut(dirname(require.resolve('mnist/package.json')));
      this.emitFile({
        type: 'asset',
        fileName: 'held-out.bin',
        source: Buffer.concat(digits.map(({ pixels }) => pixels)),
      });
      this.emitFile({
        type: 'asset',
        fileName: 'held-out-labels.json',
        source: JSON.stringify(digits.map(({ label }) => label)),
      });
    },
  };
}
