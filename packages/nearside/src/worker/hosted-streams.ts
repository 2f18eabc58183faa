import { NearsideError } from '@nearside/core';
import { closePictures, type Reply, type RunInput, type RunReply } from '../shared/protocol.js';
import { runBatch, type Way } from './run-batch.js';
import type { Session } from './session.js';

/**
 * The streams of one model in its worker. Each goes one way, which carries its state (`carry-state.ts`) and left-over
 * sound (its flow) from frame to frame.
 */
export type HostedStreams = ReturnType<typeof createHostedStreams>;

export function createHostedStreams() {
  const carrying = new Map<number, { readonly session: Session; readonly way: Way }>();
  return {
    begin(id: number, session: Session): void {
      const flow = session.pipeline.begin({ isWhole: false });
      carrying.set(id, { session, way: { flow: () => flow, run: session.beginRun() } });
    },
    /**
     * Runs frames one after another, each from the state that the one before it left. A bad frame fails
     * alone, and leaves the state as it was.
     *
     * @throws NearsideError `state-lost` for a stream that has ended; backend codes
     */
    async run(id: number, frames: readonly RunInput[]): Promise<Reply<RunReply>[]> {
      const stream = carrying.get(id);
      if (!stream) {
        for (const { input } of frames) closePictures(input);
        throw stateLost(id);
      }
      const replies: Reply<RunReply>[] = [];
      try {
        for (const frame of frames) {
          replies.push(...(await runBatch(stream.session, [frame], () => stream.way)));
        }
      } finally {
        for (const { input } of frames) closePictures(input); // also of those that a failed run kept from theirs
      }
      return replies;
    },
    end(id: number): void {
      carrying.delete(id);
    },
  };
}

function stateLost(id: number): NearsideError {
  return new NearsideError(
    'state-lost',
    `Stream ${id} has ended and its state is gone. Open a new one.`,
  );
}
