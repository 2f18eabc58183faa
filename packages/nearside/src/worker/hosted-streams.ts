import { NearsideError } from '@nearside/core';
import type { Flow } from '@nearside/pipeline';
import { closePictures, type Reply, type RunItem, type RunReply } from '../protocol.js';
import { runBatch } from './run-batch.js';
import type { Session } from './session.js';

/** The streams of one model in its worker. Each has a session that carries its state (`carryState` in `session.ts`). */
export interface HostedStreams {
  begin(id: number, session: Session): void;
  /**
   * Runs frames one after another, each from the state that the one before it left. A bad frame fails
   * alone, and leaves the state as it was.
   *
   * @throws NearsideError `state-lost` for a stream that has ended; backend codes
   */
  run(id: number, frames: readonly RunItem[]): Promise<Reply<RunReply>[]>;
  end(id: number): void;
}

export function createHostedStreams(): HostedStreams {
  const carrying = new Map<number, { readonly session: Session; readonly flow: Flow }>();
  return {
    begin(id, session) {
      const flow = session.pipeline.begin();
      carrying.set(id, { session: { ...session, run: session.carry() }, flow });
    },
    async run(id, frames) {
      const stream = carrying.get(id);
      if (!stream) {
        for (const { input } of frames) closePictures(input);
        throw stateLost(id);
      }
      const replies: Reply<RunReply>[] = [];
      for (const frame of frames) {
        replies.push(...(await runBatch(stream.session, [frame], () => stream.flow)));
      }
      return replies;
    },
    end(id) {
      carrying.delete(id);
    },
  };
}

function stateLost(id: number): NearsideError {
  return new NearsideError(
    'state-lost',
    `Expected a stream that goes on, got stream ${id}, ended.`,
  );
}
