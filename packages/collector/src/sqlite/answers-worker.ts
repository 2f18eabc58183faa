import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { answersOver } from '../answers/answers.js';
import type { RollupReads } from '../counting/rollup-store.js';
import type { AnswersRequest, AnswersWorkerData } from './answers-in-worker.js';
import { prepareReads } from './reads.js';

// A thread and a connection of its own answer questions, so reports never wait for them.
const { file } = workerData as AnswersWorkerData;
const database = new Database(file, { readonly: true, fileMustExist: true });
const reads = prepareReads(database);
const answers = answersOver({
  models: async () => reads.models(),
  cells: async (query) => reads.cells(query),
  sums: async (query) => reads.sums(query),
  reportsBySlot: async (query) => reads.reportsBySlot(query),
  deviceDays: async (query) => reads.deviceDays(query),
  cohorts: async (query) => reads.cohorts(query),
  cohortDays: async (query) => reads.cohortDays(query),
  segments: async (query) => reads.segments(query),
  rollouts: async (model) => reads.rollouts(model),
  releases: async (model) => reads.releases(model),
  firstReports: async (model) => reads.firstReports(model),
  totals: async () => reads.totals(),
} satisfies RollupReads);

parentPort?.on('message', ({ id, question, given }: AnswersRequest) => {
  const ask = answers[question] as (...given: unknown[]) => Promise<unknown>;
  ask(...given).then(
    (value) => parentPort?.postMessage({ id, ok: true, value }),
    (error: unknown) => parentPort?.postMessage({ id, ok: false, reason: String(error) }),
  );
});
