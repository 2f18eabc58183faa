import {
  askFirstFile,
  type BootAnswer,
  choiceKey,
  deathsKey,
  markPrefix,
  metadataKey,
  peekStore,
  readHint,
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
import type { Traces } from './later/deaths.js';
import { type PageMark, UNMARKED } from './page-mark.js';

/** Nobody waits longer for a boot file or a seal, ms: a worker is started, and asks for itself. */
const PATIENCE_MS = 10_000;

/** A model as it is known before a worker is started for it. */
export interface FirstLook {
  readonly choice: BackendChoice;
  /** The worker verifies it as it does its own answers; undefined where nobody has asked. */
  readonly boot: BootAnswer | undefined;
  /** Undefined where no page is known to be at work for the model, or to have died so. */
  readonly traces: Traces | undefined;
}

/** Whatever lies in the store, unchecked. */
type Found = [
  remembered?: Partial<ChoiceRecord>,
  stored?: { readonly bundle?: Uint8Array; readonly targets?: Uint8Array },
  deaths?: { readonly deaths?: readonly unknown[] },
  marks?: readonly IDBValidKey[],
];

/**
 * Reads what this device remembers, in the transaction that writes the page's mark. Targets metadata or a seal shows for
 * which runtimes the model has variants, so that no worker of another one is started, and which file of ONNX Runtime has
 * all that they need: as it is stored, or else as the first answer has it, which a worker would ask for.
 *
 * @throws `plan.signal.reason`
 */
export async function lookFirst(plan: OpenPlan, page: PageMark = UNMARKED): Promise<FirstLook> {
  const { prefix, trust, contenders, store, runtime, unsigned } = plan;
  const { sealSha256 } = trust;
  const { model } = plan.address;
  const pages = markPrefix(prefix, model);
  const known = sealSha256
    ? versionKey(prefix, model, sequenceOfSeal(sealSha256))
    : metadataKey(prefix);
  const read = (objects: IDBObjectStore) => {
    const requests = [
      objects.get(choiceKey(prefix, model)),
      objects.get(known),
      objects.get(deathsKey(prefix, model)),
      objects.getAllKeys(IDBKeyRange.bound(pages, `${pages}\uffff`)),
    ];
    page.join(objects);
    return requests;
  };
  // A store other than `auto` has no memory.
  const found = store === 'auto' ? await peekStore('nearside-models', read) : undefined;
  const [remembered, stored, deaths, marks = []] = (found ?? []) as Found;
  // A forced backend, or a single one, needs none.
  const record = asRecord(contenders.length > 1 ? remembered : undefined);
  const choice = createBackendChoice(plan, record);
  const isFull = runtime === 'full' || record.onnxRuntime === 'full';
  const mayTryCommon = mayBeCommon && !isFull && contenders.includes('onnx-wasm');
  const traces = marks.length || deaths?.deaths?.length ? { marks, deaths } : undefined;
  const needsHint = choice.isSizeUnknown || mayTryCommon;
  if (unsigned || !needsHint) return { choice, traces, boot: undefined };
  const boot = stored ? undefined : await askInTime(plan);
  const hint = readHint(boot?.raw ?? stored?.bundle ?? stored?.targets, model);
  choice.runtimes = hint?.requires.runtime;
  if (mayTryCommon && hint?.onnxRuntime === 'common') choice.onnxRuntime = 'common';
  return { choice, traces, boot };
}

/** Opening reads no more of it. `remember-choice.ts` checks the rest before anything of that is used. */
function asRecord(record: Partial<ChoiceRecord> | undefined): ChoiceRecord {
  return Array.isArray(record?.quarantined) ? (record as ChoiceRecord) : EMPTY_RECORD;
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
