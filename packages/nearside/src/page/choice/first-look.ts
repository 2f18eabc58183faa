import {
  askFirstFile,
  type BootAnswer,
  choiceKey,
  hintInAnswer,
  hintInStore,
  metadataKey,
  peekStore,
  sequenceOfSeal,
  versionKey,
} from '@nearside/artifact';
import { mayBeCommon } from '#platform';
import type { OpenPlan } from '../options/plan-opening.js';
import {
  type BackendChoice,
  type ChoiceRecord,
  createBackendChoice,
  EMPTY_RECORD,
} from './backend-choice.js';

/** Nobody waits longer for a boot file or a seal, ms: a worker is started, and asks for itself. */
const PATIENCE_MS = 10_000;

/** A model as it is known before a worker is started for it. */
export interface FirstLook {
  readonly choice: BackendChoice;
  /** The worker verifies it as it does its own answers; undefined where nobody has asked. */
  readonly boot: BootAnswer | undefined;
}

/**
 * Reads what this device remembers. Targets metadata or a seal shows for which runtimes the model has variants, so that no
 * worker of another one is started, and which file of ONNX Runtime has all that they need: as it is stored, or else as
 * the first answer has it, which a worker would ask for.
 *
 * @throws `plan.signal.reason`
 */
export async function lookFirst(plan: OpenPlan): Promise<FirstLook> {
  const { prefix, trust, contenders, store, runtime, unsigned } = plan;
  const { sealSha256 } = trust;
  if (unsigned) return { choice: createBackendChoice(plan, EMPTY_RECORD), boot: undefined };
  const { model } = plan.address;
  // A store other than `auto` has no memory, and a forced backend, or a single one, needs none.
  const peek = (key: string) => (store === 'auto' ? peekStore('nearside-models', key) : undefined);
  const [remembered, stored] = await Promise.all([
    contenders.length > 1 ? peek(choiceKey(prefix, model)) : undefined,
    peek(sealSha256 ? versionKey(prefix, model, sequenceOfSeal(sealSha256)) : metadataKey(prefix)),
  ]);
  const record = asRecord(remembered);
  const choice = createBackendChoice(plan, record);
  const isFull = [runtime, record.onnxRuntime].includes('full');
  const mayTryCommon = mayBeCommon && !isFull && contenders.includes('onnx-wasm');
  if (!choice.isSizeUnknown && !mayTryCommon) return { choice, boot: undefined };
  const boot = stored ? undefined : await askInTime(plan);
  const hint = boot?.raw ? hintInAnswer(boot.raw, model) : hintInStore(stored, model);
  choice.runtimes = hint?.requires.runtime;
  if (mayTryCommon && hint?.onnxRuntime === 'common') choice.onnxRuntime = 'common';
  return { choice, boot };
}

/** Opening reads no more of it. `remember-choice.ts` checks the rest before anything of that is used. */
function asRecord(remembered: unknown): ChoiceRecord {
  const record = remembered as ChoiceRecord | undefined;
  return Array.isArray(record?.quarantined) ? record : EMPTY_RECORD;
}

/** @returns undefined where no answer comes that can be handed on: what that means, the worker finds out */
async function askInTime({
  address,
  trust: { sealSha256 },
  request,
  signal,
}: OpenPlan): Promise<BootAnswer | undefined> {
  const signals = [AbortSignal.timeout(PATIENCE_MS), ...(signal ? [signal] : [])];
  try {
    return await askFirstFile(address, { sealSha256, request, signal: AbortSignal.any(signals) });
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
