import { oneMacrotask } from './one-macrotask.js';
import type { BatchReply, RunRequest } from './protocol.js';

/** Batches one after another; what has not begun can be asked back. */
export interface RunTurns {
  run(request: RunRequest, begin: () => Promise<BatchReply>): Promise<BatchReply>;
  recall(id: number): void;
  /** Work of another kind, in its turn. */
  take<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Until everything that was asked for has ended. */
  idle(): Promise<void>;
}

export function createRunTurns(): RunTurns {
  const recalled = new Set<number>();
  /** Batches that were given and have not ended. */
  const given = new Set<number>();
  let last: Promise<unknown> = Promise.resolve();

  async function take(
    { id, items }: RunRequest,
    begin: () => Promise<BatchReply>,
  ): Promise<BatchReply> {
    try {
      if (recalled.delete(id)) return { kind: 'recalled', items };
      return await begin();
    } finally {
      given.delete(id);
      recalled.delete(id);
    }
  }

  return {
    run(request, begin) {
      // A run on wasm blocks the thread: what was sent meanwhile, a recall say, is heard only between two.
      const isBehindAnother = given.size > 0;
      given.add(request.id);
      const turn = last
        .then(() => (isBehindAnother ? oneMacrotask() : undefined))
        .then(() => take(request, begin));
      last = turn.catch(() => {});
      return turn;
    },
    recall(id) {
      if (given.has(id)) recalled.add(id);
    },
    take(work) {
      const turn = last.then(work);
      last = turn.catch(() => {});
      return turn;
    },
    async idle() {
      await last;
    },
  };
}
