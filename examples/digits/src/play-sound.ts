import type { RawSound } from 'nearside';

/** One channel, as the page keeps what it shows. */
export interface ShownSound extends RawSound {
  readonly samples: Float32Array<ArrayBuffer>;
}

/** Plays a part of a sound, one at a time. */
export function createPlayer(onMove: (playheadMs: number | undefined) => void) {
  let context: AudioContext | undefined;
  let playing: AudioBufferSourceNode | undefined;

  function stop(): void {
    const source = playing;
    playing = undefined;
    source?.stop();
    onMove(undefined);
  }

  function play({ samples, sampleRateHz }: ShownSound, fromMs = 0, toMs?: number): void {
    stop();
    context ??= new AudioContext();
    void context.resume();
    const buffer = context.createBuffer(1, Math.max(1, samples.length), sampleRateHz);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(context, { buffer });
    const { currentTime: startedS } = context;
    source.connect(context.destination);
    source.start(0, fromMs / 1000, toMs === undefined ? undefined : (toMs - fromMs) / 1000);
    source.addEventListener('ended', () => {
      if (playing === source) stop();
    });
    playing = source;

    function follow(): void {
      if (playing !== source || !context) return;
      onMove(fromMs + (context.currentTime - startedS) * 1000);
      requestAnimationFrame(follow);
    }
    follow();
  }

  return {
    play,
    stop,
    get isPlaying() {
      return playing !== undefined;
    },
  };
}
