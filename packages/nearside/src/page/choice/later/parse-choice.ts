import type { Quarantined } from '../../../shared/api/backends.js';
import type { Contender } from '../../../shared/contenders.js';
import type { BackendChoice } from '../backend-choice.js';
import { type ChoiceRecord, EMPTY_RECORD, isLasting, type Measured } from '../choice-record.js';

/** A record from whatever lies in the store; one that is broken anywhere is as good as none. */
export function parseChoice(value: unknown): ChoiceRecord {
  return isRecord((value ?? {}) as Partial<ChoiceRecord>) ? (value as ChoiceRecord) : EMPTY_RECORD;
}

/** Forgets what is remembered where it is broken: opening has read no more of it than where to start. */
export function forgetBroken(choice: BackendChoice): void {
  if (parseChoice(choice.record) !== choice.record) choice.change(EMPTY_RECORD);
}

function isRecord(record: Partial<ChoiceRecord>): boolean {
  const {
    circumstances,
    adapter = '',
    start,
    measured,
    onnxRuntime = 'full',
    quarantined,
  } = record;
  return (
    onnxRuntime === 'full' &&
    [circumstances, adapter].every(isText) &&
    (start === undefined || isContender(start)) &&
    areAll(measured, isMeasured) &&
    areAll(quarantined, isQuarantined)
  );
}

function areAll<Item>(value: readonly Item[] | undefined, is: (item: Item) => boolean): boolean {
  return Array.isArray(value) && [...value].every(is); // spread: `every` passes holes over
}

function isMeasured(one: Measured): boolean {
  const { p50Ms = 0 } = one ?? {};
  return isContender(one) && Number.isFinite(p50Ms) && p50Ms >= 0;
}

function isQuarantined(one: Quarantined): boolean {
  const { backend, variant = '', code, message, atMs } = one ?? {};
  return [backend, variant, message].every(isText) && isLasting(code) && Number.isFinite(atMs);
}

function isContender(one: Contender): boolean {
  return [one?.backend, one?.variant].every(isText);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
