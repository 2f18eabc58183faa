import type { Priority } from '../shared/api/run.js';
import type { BatchReply, RunRequest } from '../shared/protocol.js';
import { DEFAULT_PRIORITY, mostUrgent } from '../shared/ranking.js';
import { oneMacrotask } from '../shared/timers.js';

/** The turns of one worker: whatever models it serves, their batches run one after another. */
export interface RunTurns {
  /** Turns for one model more. */
  join(): ModelTurns;
}

/** One model's part in them; what has not begun can be asked back. */
export interface ModelTurns {
  run(request: RunRequest, work: () => Promise<BatchReply>): Promise<BatchReply>;
  recall(id: number): void;
  /** Work of another kind, in its turn. */
  take<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Asks everything back. @returns when nothing of this model runs any more */
  leave(): Promise<void>;
}

interface Job {
  readonly id: number | undefined;
  readonly priority: Priority;
  /** By `performance.now()`. */
  readonly enteredMs: number;
  /** Set while it waits for its turn; called when it has come. */
  begin: (() => void) | undefined;
  isRecalled: boolean;
}

export function createRunTurns(): RunTurns {
  /** Jobs of all models, in the order of arriving. */
  const waiting: Job[] = [];
  let isRunning = false;

  async function takeTurn<Result>(
    job: Job,
    { jobs, work }: { jobs: Map<Job, unknown>; work: () => Promise<Result> },
  ): Promise<Result> {
    if (isRunning) {
      await new Promise<void>((begin) => {
        job.begin = begin;
        waiting.push(job);
      });
    }
    isRunning = true;
    try {
      return await work();
    } finally {
      jobs.delete(job);
      if (waiting.length > 0) void oneMacrotask().then(beginNext);
      else isRunning = false;
    }
  }

  /** The most urgent first, so that no model waits for more than the one run under way. */
  function beginNext(): void {
    const job = mostUrgent(waiting, performance.now()) as Job;
    waiting.splice(waiting.indexOf(job), 1);
    job.begin?.();
  }

  function join(): ModelTurns {
    /** Given and not ended. */
    const jobs = new Map<Job, Promise<unknown>>();

    /** @param id what it can be asked back by, before it has begun */
    function enter<Result>(
      { id, priority = DEFAULT_PRIORITY }: Partial<Pick<RunRequest, 'id' | 'priority'>>,
      work: (isRecalled: boolean) => Promise<Result>,
    ): Promise<Result> {
      const enteredMs = performance.now();
      const job: Job = { id, priority, enteredMs, begin: undefined, isRecalled: false };
      const ended = takeTurn(job, { jobs, work: () => work(job.isRecalled) });
      jobs.set(job, ended);
      return ended;
    }

    return {
      run: (request, work) =>
        enter<BatchReply>(request, (isRecalled) =>
          isRecalled ? Promise.resolve({ kind: 'recalled', inputs: request.inputs }) : work(),
        ),
      take: (work) => enter({}, work),
      recall(id) {
        for (const job of jobs.keys()) if (job.id === id) job.isRecalled = true;
      },
      async leave() {
        for (const job of jobs.keys()) job.isRecalled = true;
        await Promise.allSettled(jobs.values());
      },
    };
  }

  return { join };
}
