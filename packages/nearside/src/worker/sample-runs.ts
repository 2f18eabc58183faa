import { sum } from '@nearside/core';
import {
  closePictures,
  type Reply,
  type RunInput,
  type RunReply,
  type RunRequest,
  type SampledRun,
  transferablesOf,
} from '../shared/protocol.js';

/** At most one run in so many is a sample: a fleet has enough of them, and nobody notices the copy of an input. */
export const RUNS_PER_SAMPLE = 50;

/** So many are kept, and of inputs with no more bytes: eight of them are two pictures of a phone's camera. */
export const MOST_SAMPLES = 8;
const MOST_BYTES = 12 * 1024 * 1024;

export type RunSamples = ReturnType<typeof createRunSamples>;

/** Keeps a few runs with their inputs, where that is asked for, so that another version can be asked the same. */
export function createRunSamples() {
  let isKeeping = false;
  let runs = 0;
  let kept: SampledRun[] = [];

  async function keep(
    input: RunInput,
    run: () => Promise<Reply<RunReply>[]>,
  ): Promise<Reply<RunReply>[]> {
    const replies = await run();
    const [reply] = replies;
    if (isKeeping && reply?.ok) {
      const { output: _, ...observed } = reply.value;
      kept.push({ ...input, reply: observed });
      runs = 0;
    } else closePictures(input.input);
    return replies;
  }

  return {
    /** Does a run, and keeps it if it is its turn and it ends well. */
    during(request: RunRequest, run: () => Promise<Reply<RunReply>[]>): Promise<Reply<RunReply>[]> {
      if (!isKeeping || !isInForeground(request)) return run();
      runs += 1;
      const isDue = runs >= RUNS_PER_SAMPLE && kept.length < MOST_SAMPLES;
      const input = isDue ? copyOf(request.inputs[0] as RunInput) : undefined;
      return input ? keep(input, run) : run();
    },
    /** @returns those that were kept, once */
    take(keeps: boolean): readonly SampledRun[] {
      const taken = kept;
      kept = [];
      isKeeping = keeps;
      return taken;
    },
  };
}

/** A frame of a stream, and one of several inputs that run together, are not like a run that somebody waits for. */
function isInForeground({ inputs, stream, priority }: RunRequest): boolean {
  return inputs.length === 1 && stream === undefined && priority !== 'background';
}

/** @returns undefined for what cannot be copied, and what is not to be: a camera waits for its frames */
function copyOf(given: RunInput): RunInput | undefined {
  const parts = transferablesOf(given.input);
  const isFrame = parts.some((part) => 'codedWidth' in part);
  if (isFrame || sum(parts.map(bytesOf)) > MOST_BYTES) return undefined;
  try {
    return structuredClone(given);
  } catch {
    return undefined;
  }
}

function bytesOf(part: Transferable): number {
  if ('byteLength' in part) return part.byteLength;
  return 'width' in part ? 4 * part.width * part.height : 0;
}
