import { type ModelSpec, NearsideError, stagesOf } from '@nearside/core';
import type { Input } from '../../../shared/api/run.js';
import type { ModelStream, StreamOptions } from '../../../shared/api/streams.js';
import { isLostWorker } from '../../../shared/failures.js';
import { refuseInput } from '../../running/later/refuse-input.js';
import type { RunnerOptions, SeriesItem } from '../../running/run-model.js';
import { snapshotInput } from '../../running/snapshot-input.js';
import { countStream } from '../../serving/later/rest-hidden.js';
import { checkStreamOptions, createFrameStream, type Episode } from './frame-stream.js';
import type { SeriesContext } from './score.js';

export interface StreamContext extends SeriesContext {
  /** The error of streams while nothing may serve. */
  readonly refusal: RunnerOptions['refusal'];
  /** Takes down how many frames were dropped. */
  readonly tell: (what: { readonly kind: 'dropped'; readonly n: number }) => void;
}

/** Streams of the page: a worker is told of each before its first frame. */
let streams = 0;

/**
 * Begins a stream. A stream that carries something on keeps the version that serves now, and its worker, until it ends.
 * Frames of another stream are runs like any others, each on the version that serves then.
 *
 * @throws TypeError or RangeError for wrong options; `signal.reason`; `closed`
 */
export async function openStream(
  source: Iterable<Input> | AsyncIterable<Input>,
  options: StreamOptions | undefined,
  { handover, runItem, refusal, closing, takeOther, tell }: StreamContext,
): Promise<ModelStream> {
  const checked = checkStreamOptions(source, options);
  const { signal, priority, topK, transfer = false } = checked;
  signal?.throwIfAborted();
  closing.throwIfAborted();
  const refused = refusal();
  if (refused) throw await refused;
  const { spec } = handover.current.version;
  const held = carriesOn(spec) ? await handover.hold() : undefined;
  const uncount = countStream(handover);

  function begin(): Episode {
    const left = new AbortController();
    const runOptions = { signal: left.signal, priority, topK, transfer };
    const run = (frame: SeriesItem) => runItem(frame, runOptions);
    if (!held) return { run, end: () => left.abort() };
    streams += 1;
    const stream = { id: streams, serving: held.serving };
    const { connection } = held.serving;
    // Where these two fail, the runs between them say why.
    connection.beginStream(stream.id).catch(() => {});
    return {
      run: (frame) =>
        run({ ...frame, held: stream }).catch((error) => {
          throw isLostWorker(error) ? stateLost(error) : error;
        }),
      end() {
        left.abort();
        connection.endStream(stream.id).catch(() => {});
      },
    };
  }

  try {
    return createFrameStream(source, checked, {
      take: (input) =>
        snapshotInput(input, (held?.serving ?? handover.current).version.spec, {
          transfer,
          takeOther,
          refuse: refuseInput,
        }),
      begin,
      end(dropped) {
        uncount();
        held?.release();
        if (dropped > 0) tell({ kind: 'dropped', n: dropped });
      },
      signals: signal ? [closing, signal] : [closing],
    });
  } catch (error) {
    uncount();
    held?.release(); // a source that is locked, say
    throw error;
  }
}

/** A frame needs those before it: the model has state, or the steps keep left-over samples of sound. */
function carriesOn(spec: ModelSpec): boolean {
  return stagesOf(spec).some(
    ({ state, preprocessing }) =>
      state !== undefined || preprocessing.some(({ step }) => step === 'decode-audio'),
  );
}

function stateLost(cause: NearsideError): NearsideError {
  return new NearsideError(
    'state-lost',
    "Expected the worker to keep the stream's state, got it lost: the stream has ended. Begin another, " +
      'a little before the last result.',
    { cause },
  );
}
