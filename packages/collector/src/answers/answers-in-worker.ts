import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { NearsideError } from '@nearside/core';
import type { RollupStore } from '../store/rollup-store.js';
import { type Answers, answersOver } from './answers.js';

/** Only the built package has this file. Tests of the sources read in the thread that writes. */
const BUILT = new URL('./answers-worker.js', import.meta.url);

/** So many questions may wait, because one thread answers them, and a closed page does not take its own back. */
const MOST_WAITING = 64;

/** A question to the thread that reads. */
export interface AnswersRequest {
  readonly id: number;
  readonly question: keyof Answers;
  readonly given: readonly unknown[];
}

export type AnswersReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly reason: string };

export interface ClosableAnswers extends Answers {
  close(): Promise<void>;
}

interface Options {
  /** Undefined where no other thread can open the store. */
  readonly address: string | undefined;
  readonly worker?: URL;
}

/** Answers from a thread that opens the store by its address. All that was added before is in the answers. */
export function openAnswers(store: RollupStore, options: Options): ClosableAnswers {
  const { address, worker = BUILT } = options;
  if (address === undefined || !existsSync(fileURLToPath(worker))) {
    return { ...answersOver(store), close: async () => {} };
  }
  return answersInWorker(store, address, worker);
}

function answersInWorker(store: RollupStore, address: string, worker: URL): ClosableAnswers {
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: unknown) => void }
  >();
  let running: Worker | undefined;
  let lastId = 0;
  let isClosed = false;

  function start(): Worker {
    // conditions of this process, such as those of tests, would have `pg` require ES modules
    const thread = new Worker(worker, { workerData: address, execArgv: [] });
    thread.unref();
    thread.on('message', (reply: AnswersReply) => {
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (reply.ok) asked?.resolve(reply.value);
      else asked?.reject(unavailable(reply.reason));
    });
    thread.on('error', (error) => lose(thread, String(error)));
    thread.on('exit', () => lose(thread, 'the thread that reads has ended'));
    return thread;
  }

  /** Rejects the waiting questions. The next one starts another thread. */
  function lose(thread: Worker, reason: string): void {
    if (running !== thread) return;
    running = undefined;
    for (const { reject } of waiting.values()) reject(unavailable(reason));
    waiting.clear();
  }

  async function ask(question: keyof Answers, ...given: unknown[]): Promise<unknown> {
    await store.settle().catch(() => {}); // a file that cannot be written can still be read
    if (isClosed) throw unavailable('it is closed');
    if (waiting.size >= MOST_WAITING) throw unavailable('too many questions wait for an answer');
    running ??= start();
    lastId += 1;
    const request: AnswersRequest = { id: lastId, question, given };
    running.postMessage(request);
    return new Promise((resolve, reject) => waiting.set(request.id, { resolve, reject }));
  }

  return {
    models: () => ask('models') as ReturnType<Answers['models']>,
    fleet: (...given) => ask('fleet', ...given) as never,
    metrics: (...given) => ask('metrics', ...given) as ReturnType<Answers['metrics']>,
    close: async () => {
      isClosed = true;
      await running?.terminate();
    },
  };
}

function unavailable(reason: string): NearsideError {
  return new NearsideError('store-unavailable', `The store failed: ${reason}.`, {
    retryable: true,
  });
}
