import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { createDeferred, type Runtime, type Tensors } from '@nearside/core';
import { requireNearsideFile } from '../packing/nearside-script.js';

/** A large model's golden cases take a while on one thread, some of them without optimisation, ms. */
const LIMIT_MS = 1_800_000;

/** One run of a golden case. */
export interface Step {
  readonly variant: string;
  /** Empty for the only model of a spec. */
  readonly stage: string;
  /** Undefined while the model is loaded. */
  readonly case?: string;
  /** `once`, `again`, or a level of ONNX Runtime's optimisation. */
  readonly way: string;
}

export interface Answers {
  /** The runtime that answered, as golden.json names it. */
  readonly reference: string;
  readonly answered: readonly (Step & { readonly outputs: Tensors })[];
  readonly impassable: readonly { readonly step: Step; readonly message: string }[];
}

/** A run that failed, or that ended the process. */
export class FailedStep extends Error {
  override readonly name = 'FailedStep';

  constructor(
    message: string,
    /** Undefined before the first run. */
    readonly step: Step | undefined,
    readonly code: string,
  ) {
    super(message);
  }
}

/** As `answer-golden.ts` of the package nearside sends them. */
type Message =
  | { readonly reference: string }
  | { readonly begun: Step }
  | { readonly answered: Step; readonly outputs: Tensors }
  | { readonly impassable: Step; readonly message: string }
  | { readonly failed: { readonly code: string; readonly message: string } };

/**
 * Has a runtime of the package nearside answer the golden cases of a model directory, in a process of its own.
 *
 * @param options `variants`: names of those to answer for, by default all of this runtime; `isOnce`: each case a single
 *   time, and in no other way
 * @throws FailedStep
 * @throws NearsideError `file-missing` without that package
 */
export async function answerInProcess(
  directory: string,
  runtime: Runtime,
  {
    variants = [],
    limitMs = LIMIT_MS,
    isOnce = false,
  }: {
    readonly variants?: readonly string[];
    readonly limitMs?: number;
    readonly isOnce?: boolean;
  } = {},
): Promise<Answers> {
  const script = requireNearsideFile('dist/worker/answer-golden.js');
  const { promise, resolve: settle, reject } = createDeferred<Answers>();
  const ways = isOnce ? 'once' : 'all';
  const child = fork(script, [resolve(directory), runtime, ways, ...variants], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: limitMs,
  });
  let reference = '';
  let step: Step | undefined;
  let said = '';
  const answered: (Step & { outputs: Tensors })[] = [];
  const impassable: { step: Step; message: string }[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  child.on('message', (message: Message) => {
    if ('reference' in message) reference = message.reference;
    else if ('begun' in message) step = message.begun;
    else if ('answered' in message)
      answered.push({ ...message.answered, outputs: message.outputs });
    else if ('impassable' in message) {
      impassable.push({ step: message.impassable, message: message.message });
    } else reject(new FailedStep(message.failed.message, step, message.failed.code));
  });
  child.on('error', reject);
  child.on('close', (code, signal) => {
    if (code === 0) settle({ reference, answered, impassable });
    else {
      const end = child.killed ? `nothing within ${limitMs} ms` : describeEnd(code, signal, said);
      reject(new FailedStep(end, step, 'worker-lost'));
    }
  });
  return promise;
}

function describeEnd(code: number | null, signal: string | null, said: string): string {
  const end = signal ? `signal ${signal}` : `exit code ${code}`;
  const last = said.trim().split('\n').at(-1) ?? '';
  return `its process ended with ${end}${last && `: ${last}`}`;
}
