import type { Serving } from '../opening/serving.js';
import type { BackendChoice } from './backend-choice.js';
import {
  type ChoiceRecord,
  choiceCircumstances,
  EMPTY_RECORD,
  isLasting,
  type Measured,
  type Quarantined,
} from './choice-record.js';
import { type Contender, contenderOf } from './contender.js';

/**
 * Throws a record away that is broken anywhere in the store: it would mislead, and all that is lost with
 * it is a measurement. The order to open backends in is the prior one where `parseChoice` finds no start,
 * so nothing needs this before a backend serves.
 */
export function forgetBrokenRecord(choice: BackendChoice, serving: Serving): void {
  if (isSound(choice.record)) return;
  const circumstances = choiceCircumstances(serving.version.release.sequence);
  choice.change({ ...EMPTY_RECORD, circumstances, start: contenderOf(serving) });
}

function isSound({
  circumstances,
  adapter,
  start,
  measured,
  quarantined,
}: Partial<ChoiceRecord>): boolean {
  return (
    isText(circumstances) &&
    isTextOrAbsent(adapter) &&
    (start === undefined || (start !== null && isContender(start))) &&
    areAll(measured, isMeasured) &&
    areAll(quarantined, isQuarantined)
  );
}

function areAll<Item>(value: unknown, is: (item: Item) => boolean): boolean {
  // Spread, or a hole in it would be passed over.
  return (
    Array.isArray(value) &&
    [...(value as (Item | null | undefined)[])].every((one) => one && is(one))
  );
}

function isContender({ backend, variant }: Contender): boolean {
  return isText(backend) && isText(variant);
}

function isMeasured({ p50Ms, isPassing, ...contender }: Measured): boolean {
  return (
    isContender(contender) &&
    (p50Ms === undefined || (Number.isFinite(p50Ms) && p50Ms >= 0)) &&
    (isPassing === undefined || typeof isPassing === 'boolean')
  );
}

function isQuarantined({ backend, variant, code, message, atMs }: Quarantined): boolean {
  return (
    isText(backend) &&
    isTextOrAbsent(variant) &&
    isLasting(code) &&
    isText(message) &&
    Number.isFinite(atMs)
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}
