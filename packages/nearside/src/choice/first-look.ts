import {
  askBootFile,
  type BootAnswer,
  choiceKey,
  metadataKey,
  peekStore,
  runtimesInBootFile,
  runtimesInStore,
} from '@nearside/artifact';
import type { OpenPlan } from '../options/plan-opening.js';
import { type BackendChoice, createBackendChoice } from './backend-choice.js';
import { parseChoice } from './choice-record.js';

/** A boot file that takes longer is not waited for, ms: a worker is started, and asks for itself. */
const PATIENCE_MS = 10_000;

/** What is known of a model before a worker is started for it. */
export interface FirstLook {
  readonly choice: BackendChoice;
  /** For the worker, which verifies it as what it asks for itself; undefined where nobody has asked. */
  readonly boot: BootAnswer | undefined;
}

/**
 * Reads what this device remembers. Where that is nothing, targets metadata shows which runtimes the model has
 * variants for, so that no worker of another one is started: as it is stored, or else in the boot file, which a
 * worker would ask for first.
 *
 * @throws `plan.signal.reason`
 */
export async function lookFirst(plan: OpenPlan): Promise<FirstLook> {
  const { pin, contenders } = plan;
  const { model } = plan.address;
  // A forced backend, or a single one, needs no memory; a store other than `auto` has none of it.
  const hasMemory = contenders.length > 1 && plan.store === 'auto';
  const peek = (key: string) => (hasMemory ? peekStore('nearside-models', key) : undefined);
  const choice = createBackendChoice(plan, parseChoice(await peek(choiceKey(pin, model))));
  if (!choice.isSizeUnknown || plan.unsigned) return { choice, boot: undefined };
  const metadata = await peek(metadataKey(pin));
  if (metadata) {
    choice.runtimes = runtimesInStore(metadata, model);
    return { choice, boot: undefined };
  }
  const boot = await askInTime(plan);
  if (boot?.raw) choice.runtimes = runtimesInBootFile(boot.raw, model);
  return { choice, boot };
}

/** @returns undefined where no answer comes that can be handed on: what that means, the worker finds out */
async function askInTime({ address, request, signal }: OpenPlan): Promise<BootAnswer | undefined> {
  const signals = [AbortSignal.timeout(PATIENCE_MS), ...(signal ? [signal] : [])];
  try {
    return await askBootFile(address, { request, signal: AbortSignal.any(signals) });
  } catch {
    signal?.throwIfAborted();
    return undefined;
  }
}
