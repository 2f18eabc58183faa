import {
  closePictures,
  type Reply,
  RUNS_PER_SAMPLE,
  type RunInput,
  type RunReply,
  type RunRequest,
  type SampledRun,
  transferablesOf,
} from '../shared/protocol.js';

/** So many are kept, and of inputs with no more bytes: eight of them are two pictures of a phone's camera. */
export const MOST_SAMPLES = 8;
const MOST_BYTES = 12 * 1024 * 1024;

export type RunSamples = ReturnType<typeof createRunSamples>;

/** Keeps a few runs with their inputs, where that is asked for, so that another version can be asked the same. */
export function createRunSamples() {
  /** Runs until one is kept, with that one; undefined while none is to be. */
  let left: number | undefined;
  let kept: SampledRun[] = [];

  async function keep(
    input: RunInput,
    run: () => Promise<Reply<RunReply>[]>,
  ): Promise<Reply<RunReply>[]> {
    const replies = await run();
    const [reply] = replies;
    if (left !== undefined && reply?.ok) {
      const { output: _, ...observed } = reply.value;
      kept.push({ ...input, reply: observed });
    } else closePictures(input.input);
    return replies;
  }

  return {
    /** Does a run, and keeps it if it is its turn and it ends well. */
    during(request: RunRequest, run: () => Promise<Reply<RunReply>[]>): Promise<Reply<RunReply>[]> {
      if (left === undefined || !isInForeground(request)) return run();
      left -= 1;
      if (left > 0 || kept.length === MOST_SAMPLES) return run();
      left = RUNS_PER_SAMPLE; // also for one that cannot be kept: not each run after it is to pay for a try
      const input = copyOf(request.inputs[0] as RunInput);
      return input ? keep(input, run) : run();
    },
    /**
     * @param next the run that is kept next, counted from now; undefined keeps none any more
     * @returns those that were kept, once
     */
    take(next: number | undefined): readonly SampledRun[] {
      const taken = kept;
      kept = [];
      left = next;
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
  const isFrame = transferablesOf(given.input).some((part) => 'codedWidth' in part);
  if (isFrame || isLarge(given.input)) return undefined;
  try {
    return structuredClone(given);
  } catch {
    return undefined;
  }
}

/** A value in an object or array takes about so much, bytes. */
const VALUE_BYTES = 64;

/** Looks at no more values than a small input has. */
function isLarge(input: unknown): boolean {
  let bytes = 0;
  const left = [input];
  while (left.length > 0 && bytes <= MOST_BYTES) {
    const value = left.pop();
    bytes += VALUE_BYTES;
    if (typeof value === 'string') bytes += 2 * value.length;
    if (typeof value !== 'object' || value === null) continue;
    const {
      byteLength,
      close,
      width = 0,
      height = 0,
    } = value as Partial<ArrayBufferView & ImageBitmap>;
    if (close) bytes += 4 * width * height;
    else if (byteLength !== undefined) bytes += byteLength;
    else {
      const inside = Object.values(value);
      if (inside.length * VALUE_BYTES > MOST_BYTES) return true;
      left.push(...inside);
    }
  }
  return bytes > MOST_BYTES;
}
