import { type AvailableBackend, isNearsideError, type Model, openUnsigned } from 'nearside';
import { describeProblem } from '../problem.ts';
import type { Answerer } from './answer-tests.ts';
import { compareOutputs } from './compare-outputs.ts';
import type { Corpus, CorpusTest } from './corpus.ts';
import type { Outcome } from './verdicts.ts';

/** One that takes longer hangs, ms. The first one to open starts the runtime; a run of these tests takes milliseconds. */
const LIMITS = Object.freeze({ openMs: 60_000, runMs: 30_000 });

/** What keeps the whole backend from starting here. */
const OF_THE_BACKEND: ReadonlySet<string> = new Set([
  'no-backend',
  'worker-blocked',
  'wasm-blocked',
  'assets-unreachable',
  'insecure-context',
]);

const LOST = Symbol('lost');

export interface AskOptions {
  readonly corpus: Corpus;
  readonly backend: AvailableBackend;
  /** How long a run may take, ms. */
  readonly runLimitMs?: number | undefined;
  /** With what it answers the backend is compared before it runs; without it nothing is compared. */
  readonly answerer?: Answerer | undefined;
}

/** Asks one backend tests, one after another. */
export interface Asker {
  /** @throws NearsideError of the backend itself, which cannot start here; `signal.reason` */
  ask(test: CorpusTest, signal: AbortSignal): Promise<Outcome>;
  /** As the browser names what computes: `cpu` or a GPU; undefined before the first model was open. */
  readonly hardware: string | undefined;
  close(): Promise<void>;
}

export function createAsker({
  corpus,
  backend,
  runLimitMs = LIMITS.runMs,
  answerer,
}: AskOptions): Asker {
  /** The test before: while it is open its worker lives on, and the next one needs no new one. */
  let held: Model | undefined;
  let hardware: string | undefined;

  async function letGo(): Promise<void> {
    const model = held;
    held = undefined;
    await model?.close().catch(() => {}); // its worker may be lost
  }

  async function open(
    test: CorpusTest,
    answers: Readonly<Record<string, Blob>>,
    signal: AbortSignal,
  ): Promise<Model> {
    const limitMs = held ? runLimitMs : LIMITS.openMs; // with another test its worker is there
    const limit = AbortSignal.timeout(limitMs);
    try {
      return await openUnsigned(
        { 'model.onnx': corpus.modelOf(test), ...answers },
        {},
        {
          backend,
          selfCheck: 'off', // what it computes is judged here
          signal: AbortSignal.any([signal, limit]),
          policy: { watchdogMs: runLimitMs },
        },
      );
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted) throw new Error(`no session within ${limitMs / 1000} s`, { cause: error });
      throw error;
    }
  }

  /** @returns `LOST` where a worker is gone that the test before may have left unsound */
  async function askOnce(test: CorpusTest, signal: AbortSignal): Promise<Outcome | typeof LOST> {
    const isFirstInWorker = held === undefined;
    let isOpen = false;
    const answers = (await answerer?.answer(test, signal)) ?? { files: {} };
    if (answers.untold !== undefined) return { verdict: 'excluded', note: answers.untold };
    try {
      const model = await open(test, answers.files, signal);
      isOpen = true;
      await letGo();
      held = model;
      hardware = model.stats().hardware;
      const { output } = await model.run({ tensors: corpus.inputsOf(test) }, { signal });
      const difference = compareOutputs(corpus.outputsOf(test), output.tensors);
      return difference ? { verdict: 'wrong', note: difference } : { verdict: 'right' };
    } catch (error) {
      signal.throwIfAborted();
      if (isNearsideError(error) && OF_THE_BACKEND.has(error.code)) throw error;
      const { code, message } = describeProblem(error);
      const isAbsent = code === 'operator-unsupported';
      if (isOpen || !isAbsent) await letGo(); // what fails may leave its worker unsound
      if (isAbsent) return { verdict: 'absent', note: inShort(message) };
      if (code === 'worker-lost' && !isFirstInWorker) return LOST;
      return { verdict: 'failed', note: `${code}: ${inShort(message)}` };
    }
  }

  return {
    get hardware() {
      return hardware;
    },

    async ask(test, signal) {
      const outcome = await askOnce(test, signal);
      if (outcome !== LOST) return outcome;
      const again = await askOnce(test, signal);
      return again === LOST ? { verdict: 'failed', note: 'its worker is lost' } : again;
    },

    async close() {
      await Promise.all([letGo(), answerer?.close()]);
    },
  };
}

/** What ONNX Runtime says, without where in its source it says so. */
function inShort(message: string): string {
  const [, said = message] = /ERROR_MESSAGE: (.*)/s.exec(message) ?? [];
  return said.replace(/^\/\S+:\d+ .*? was false\. /s, '').trim();
}
