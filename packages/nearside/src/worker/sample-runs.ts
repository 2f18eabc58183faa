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
    } else closePictures(input.input);
    return replies;
  }

  return {
    /** Does a run, and keeps it if it is its turn and it ends well. */
    during(request: RunRequest, run: () => Promise<Reply<RunReply>[]>): Promise<Reply<RunReply>[]> {
      if (!isKeeping || !isInForeground(request)) return run();
      runs += 1;
      const isDue = runs >= RUNS_PER_SAMPLE && kept.length < MOST_SAMPLES;
      if (isDue) runs = 0; // also for one that cannot be kept: not each run after it is to pay for a try
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
    if ('byteLength' in value) bytes += Number(value.byteLength);
    else if ('close' in value && 'width' in value) bytes += pictureBytes(value as ImageBitmap);
    else if (Array.isArray(value) && value.length * VALUE_BYTES > MOST_BYTES) return true;
    else left.push(...Object.values(value));
  }
  return bytes > MOST_BYTES;
}

function pictureBytes({ width, height }: ImageBitmap): number {
  return 4 * width * height;
}
