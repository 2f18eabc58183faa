import { isNearsideError } from '@nearside/core';
import type { Capture, Model } from '../../../shared/api/model.js';
import type { CaptureOptions } from '../../../shared/api/open-options.js';
import type { Input, RunOptions, RunResult } from '../../../shared/api/run.js';
import { type Closable, copyInput, type KeptValue, keepValue, writeKept } from './kept-value.js';

const DEFAULTS = Object.freeze({
  maxInputs: 100,
  /** A hundred pictures of 160 × 160 pixels. */
  maxBytes: 10_000_000,
});

/** An input that is kept, and what became of its run. */
interface Kept extends KeptValue {
  /** When `run` was called, Unix time, ms. */
  readonly atMs: number;
  outcome: Outcome | undefined;
}

/** `meta.id` and the version of a run with a result, else its code. */
interface Outcome {
  readonly id?: string;
  readonly version?: string;
  readonly code?: string | undefined;
}

/** Makes a model keep inputs of `run` in memory as `capture` allows, and forget them when it is closed. */
export function captureInputs(model: Model, options: CaptureOptions): Model {
  const ring = createRing(options);

  async function run(input: Input, runOptions?: RunOptions): Promise<RunResult> {
    const keeping = ring.keep(input); // before `transfer` takes it away
    const running = model.run(input, runOptions);
    running.then(
      async ({ meta: { id, version } }) => note(await keeping, { id, version }),
      async (error) =>
        note(await keeping, { code: isNearsideError(error) ? error.code : undefined }),
    );
    return running;
  }

  function close(): Promise<void> {
    ring.close();
    return model.close();
  }

  return {
    ...model,
    run: run as Model['run'],
    capture: {
      get inputs() {
        return ring.kept.length;
      },
      get sizeBytes() {
        return ring.sizeBytes;
      },
      get refused() {
        return ring.refused;
      },
      export: () => exportKept(ring.kept, model.stats().model),
      clear: ring.clear,
    } satisfies Capture,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function note(kept: Kept | undefined, outcome: Outcome): void {
  if (kept) kept.outcome = outcome;
}

function createRing(options: CaptureOptions) {
  const { redact, maxInputs = DEFAULTS.maxInputs, maxBytes = DEFAULTS.maxBytes } = options;
  let kept: Kept[] = [];
  let refused = 0;
  /** Raised by `clear`: an input from before is not kept any more. */
  let age = 0;
  let isClosed = false;

  function add(value: unknown, { atMs, of }: { atMs: number; of: number }): Kept | undefined {
    if (isClosed || of !== age || value === undefined) return undefined;
    const entry: Kept = { atMs, outcome: undefined, ...keepValue(value, maxBytes) };
    kept.push(entry);
    while (kept.length > maxInputs || sizeOf(kept) > maxBytes) kept.shift();
    return entry;
  }

  return {
    get kept(): readonly Kept[] {
      return kept;
    },
    get sizeBytes() {
      return sizeOf(kept);
    },
    get refused() {
      return refused;
    },
    /** Has `redact` look at a copy. Copies what it returns at once, and what it promises when it is there. Never rejects. */
    async keep(input: Input): Promise<Kept | undefined> {
      const call = { atMs: Date.now(), of: age };
      if (isClosed) return undefined;
      const closable: Closable[] = [];
      try {
        const allowed = redact(copyInput(input, closable) as Input);
        return add(isPromise(allowed) ? await allowed : allowed, call);
      } catch {
        refused += 1;
        return undefined;
      } finally {
        for (const copy of closable) copy.close();
      }
    },
    clear(): void {
      age += 1;
      kept = [];
    },
    close(): void {
      isClosed = true;
      kept = [];
    },
  };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | undefined | null)?.then === 'function';
}

function sizeOf(kept: readonly Kept[]): number {
  return kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** The format of an export; `docs/api.md` describes it. */
const FORMAT = 1;

async function exportKept(kept: readonly Kept[], model: string): Promise<Blob> {
  const inputs = await Promise.all(
    kept.map(async ({ atMs, outcome, value }) => ({
      atMs,
      ...outcome,
      input: await writeKept(value),
    })),
  );
  const file = { nearsideCapture: FORMAT, model, inputs };
  return new Blob([JSON.stringify(file)], { type: 'application/json' });
}
