import { choiceKey } from '@nearside/artifact';
import { openStore } from '#open-store';
import type { Quarantined } from '../../../shared/api/backends.js';
import { RUNTIME_BYTES } from '../../../shared/contender-order.js';
import { type Contender, findContender, runsOnCpu } from '../../../shared/contenders.js';
import { LAST_STORING_MS, settlesWithin } from '../../../shared/timers.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import {
  type BackendChoice,
  type ChoiceRecord,
  EMPTY_RECORD,
  isLasting,
  type Measured,
} from '../backend-choice.js';
import { isLight } from './ladder.js';

/**
 * Keeps the record for the next `open`, now and after each change. A forced choice, or one of one, leaves no trace.
 * Nobody waits for a write, or suffers from one that fails.
 */
export function rememberChoice(
  choice: BackendChoice,
  plan: OpenPlan,
  write: (record: ChoiceRecord) => Promise<void> = (record) => writeChoice(plan, record),
) {
  forgetBroken(choice);
  let saved: Promise<void> = Promise.resolve();
  let isDue = false;
  /** A write that waits for the one before it writes all that is known when its turn comes. */
  const save = () => {
    if (isDue) return;
    isDue = true;
    saved = saved
      .then(() => {
        isDue = false;
        const { record } = choice;
        // An app that has `open` wait for the fastest, or tunes nothing, opens with what serves.
        const startsLight = plan.tune.when === 'idle';
        return write(startsLight ? { ...record, start: lightStart(record) } : record);
      })
      .catch(() => {});
  };
  // The outcome of a careful opening says nothing of the next one.
  const isCareful = choice.caution !== undefined && isLight(choice.caution.care);
  if (plan.contenders.length > 1 && !isCareful) {
    choice.onChange = save;
    if (choice.isChanged) save();
  }
  return {
    /** Resolves when everything is written, or when the store keeps it waiting. */
    async saved(): Promise<void> {
      await settlesWithin(LAST_STORING_MS, saved);
    },
  };
}

/** The later of two tabs is remembered: losing the other's record costs a measurement, no more. */
async function writeChoice(
  { prefix, address: { model }, store: where }: OpenPlan,
  record: ChoiceRecord,
): Promise<void> {
  if (where !== 'auto') return;
  const store = openStore('nearside-models', where);
  try {
    await store.commit({ set: new Map([[choiceKey(prefix, model), record]]) });
  } finally {
    await store.close();
  }
}

/**
 * A run on the light runtime may take longer by so much, ms, for the next visit to open with it. It is ready earlier by
 * more: on two cores digits answered 0.5 s after `open` on TensorFlow.js, and 1 s after it on ONNX Runtime.
 */
const HEAD_START_MS = 100;

/**
 * Finds the contender that the next visit opens with, where this one ended with `start`: of the wasm backends that were
 * timed and do not take much longer, the one with the lightest runtime. The fastest takes over there once runs have
 * lost what its start costs.
 */
export function lightStart({ start, measured, quarantined }: ChoiceRecord): Contender | undefined {
  const startMs = findContender(measured, start)?.p50Ms;
  if (startMs === undefined) return start;
  const [lightest] = measured
    .filter(
      (one) =>
        runsOnCpu(one.backend) &&
        timeOf(one) <= startMs + HEAD_START_MS &&
        !findContender(quarantined, one),
    )
    .sort((a, b) => RUNTIME_BYTES[a.backend] - RUNTIME_BYTES[b.backend] || timeOf(a) - timeOf(b));
  return lightest ? { backend: lightest.backend, variant: lightest.variant } : start;
}

/** Infinite where it took too long to be timed. */
function timeOf({ p50Ms = Number.POSITIVE_INFINITY }: Measured): number {
  return p50Ms;
}

/** Reads whatever lies in the store; a record that is broken anywhere is as good as none. */
export function parseChoice(value: unknown): ChoiceRecord {
  return isRecord((value ?? {}) as Partial<ChoiceRecord>) ? (value as ChoiceRecord) : EMPTY_RECORD;
}

/** Forgets a broken record: opening has read no more of it than where to start. */
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
