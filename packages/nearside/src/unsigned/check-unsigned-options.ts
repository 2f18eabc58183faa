import { OPEN_KINDS } from '../opening/check-open-options.js';
import { checkOptions, type OptionKinds } from '../options/check-options.js';
import { ABOVE_0 } from '../options/option-kinds.js';
import type { UnsignedOptions } from './open-unsigned.js';

const { backend, signal, onProgress, assets, report, worker } = OPEN_KINDS;

const KINDS: OptionKinds<keyof UnsignedOptions> = {
  ...{ backend, signal, onProgress, assets, report, worker },
  policy: { expected: '{ watchdogMs }', fields: { watchdogMs: ABOVE_0 } },
};

/** @throws TypeError or RangeError, naming the option, expected and got */
export function checkUnsignedOptions(options: unknown): void {
  checkOptions('openUnsigned', options, KINDS);
}
