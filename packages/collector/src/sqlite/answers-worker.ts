import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { answersOver } from '../answers.js';
import type { RollupReads } from '../rollup-store.js';
import type { AnswersReply, AnswersRequest, AnswersWorkerData } from './answers-protocol.js';
import { prepareReads } from './reads.js';

// A thread and a connection of its own: reports never wait for a question.
const { file } = workerData as AnswersWorkerData;
const database = new Database(file, { readonly: true, fileMustExist: true });
const now = prepareReads(database);
const reads: RollupReads = {
  models: async () => now.models(),
  cells: async (query) => now.cells(query),
  sums: async (query) => now.sums(query),
  reportsBySlot: async (query) => now.reportsBySlot(query),
  deviceDays: async (query) => now.deviceDays(query),
  cohorts: async (query) => now.cohorts(query),
  totals: async () => now.totals(),
};

parentPort?.on('message', async (request: AnswersRequest) => {
  parentPort?.postMessage(await reply(request));
});

async function reply({ id, question, given, targets }: AnswersRequest): Promise<AnswersReply> {
  const targetMs = (model: string) => targets.byModel[model] ?? targets.otherwise;
  const ask = answersOver(reads, { targetMs })[question] as (...given: unknown[]) => unknown;
  try {
    return { id, ok: true, value: await ask(...given) };
  } catch (error) {
    return { id, ok: false, reason: String(error) };
  }
}
