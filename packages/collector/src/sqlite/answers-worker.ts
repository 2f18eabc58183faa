import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { answersOver } from '../answers/answers.js';
import type { AnswersRequest, AnswersWorkerData } from './answers-in-worker.js';
import { prepareReads } from './reads.js';

// A thread and a connection of its own answer questions, so reports never wait for them.
const { file } = workerData as AnswersWorkerData;
const database = new Database(file, { readonly: true, fileMustExist: true });
const answers = answersOver(prepareReads(database, async (work) => work()));

parentPort?.on('message', ({ id, question, given }: AnswersRequest) => {
  const ask = answers[question] as (...given: unknown[]) => Promise<unknown>;
  ask(...given).then(
    (value) => parentPort?.postMessage({ id, ok: true, value }),
    (error: unknown) => parentPort?.postMessage({ id, ok: false, reason: String(error) }),
  );
});
