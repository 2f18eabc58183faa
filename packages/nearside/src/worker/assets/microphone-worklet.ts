/**
 * Collects what an `AudioWorkletNode` of one channel is given, and posts it in pieces of {@link PIECE_MS} as
 * Float32Arrays, which are given away. A message from the page ends it.
 */

/** The scope of a worklet: its types are not among TypeScript's. */
declare const sampleRate: number;
declare const registerProcessor: (name: string, processor: new () => Processor) => void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

interface Processor {
  process(inputs: readonly (readonly Float32Array[])[]): boolean;
}

/** As speech codecs have: longer than a message takes, and shorter than anybody notices. */
const PIECE_MS = 20;
/** Samples that the browser gives at a time (Web Audio API, render quantum). */
const QUANTUM = 128;

class MicrophoneProcessor extends AudioWorkletProcessor implements Processor {
  readonly #length = QUANTUM * Math.ceil((sampleRate * PIECE_MS) / 1000 / QUANTUM);
  #piece = new Float32Array(this.#length);
  #filled = 0;
  #isOver = false;

  constructor() {
    super();
    this.port.onmessage = () => {
      this.#isOver = true;
    };
  }

  process([input]: readonly (readonly Float32Array[])[]): boolean {
    const samples = input?.[0] ?? new Float32Array(QUANTUM); // no channel is silence
    this.#piece.set(samples, this.#filled);
    this.#filled += samples.length;
    if (this.#filled >= this.#length) {
      this.port.postMessage(this.#piece, [this.#piece.buffer]);
      this.#piece = new Float32Array(this.#length);
      this.#filled = 0;
    }
    return !this.#isOver;
  }
}

registerProcessor('nearside-microphone', MicrophoneProcessor);
