import { parentPort, workerData } from 'node:worker_threads';
import { reasonOf } from '../store/attempt.js';
import { storeAt } from '../store-at.js';
import { answersOver } from './answers.js';
import type { AnswersRequest } from './answers-in-worker.js';

// A thread and a connection of its own answer questions, so reports never wait for them.
const address = workerData as string;
const answers = answersOver(await storeAt(address).openReads());

parentPort?.on('message', ({ id, question, given }: AnswersRequest) => {
  const ask = answers[question] as (...given: unknown[]) => Promise<unknown>;
  ask(...given).then(
    (value) => parentPort?.postMessage({ id, ok: true, value }),
    (error: Error) =>
      parentPort?.postMessage({ id, ok: false, reason: reasonOf(error.cause ?? error) }),
  );
});
