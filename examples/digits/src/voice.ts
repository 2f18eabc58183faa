import type { FoundSound, ScoredWindow, Segment } from 'nearside';
import { type MicrophonePiece, microphone } from 'nearside/microphone';
import { listenForFiles } from './file-sources.js';
import { openTask } from './open-model.js';
import { openUntilReady } from './open-until-ready.js';
import { part } from './part.js';
import { createPlayer, type ShownSound } from './play-sound.js';
import { createProblemPanel } from './problem-panel.js';
import { decodeSound, joinSamples, loadSample, SAMPLE_NAMES } from './sample-sounds.js';
import { createSoundPeaks, type SoundPeaks } from './sound-peaks.js';
import { createWaveform } from './waveform.js';

/** So much of a recording that goes on is shown, ms. */
const LIVE_MS = 8000;
/** A recording ends by itself then, s. */
const LONGEST_S = 300;

/** Where it matches, a drawing must not move by itself. */
const REDUCED_MOTION = matchMedia('(prefers-reduced-motion: reduce)');

const page = document.documentElement;
const listen = part('listen', HTMLButtonElement);
const play = part('play', HTMLButtonElement);
const sample = part('sample', HTMLSelectElement);
const canvas = part('waveform', HTMLCanvasElement);
const soundProblem = createProblemPanel(part('sound-problem', HTMLElement));
const waveform = createWaveform(canvas);
const player = createPlayer((playheadMs) => {
  play.textContent = playheadMs === undefined ? 'Play' : 'Stop playing';
  if (shown) redraw(playheadMs);
});

/** The sound that is on the page. */
interface Shown {
  readonly sound: ShownSound | undefined;
  readonly peaks: SoundPeaks;
  readonly windows: ScoredWindow[];
  segments: readonly Segment[];
  isLive: boolean;
}

let shown: Shown | undefined;
/** Ends what is read or listened to when something else is chosen. */
let work = new AbortController();
let recording: AsyncIterator<MicrophonePiece> | undefined;

sample.append(...SAMPLE_NAMES.map((name) => new Option(name, name)));
// 32 ms of sound are too little work to share between threads.
const opened = openUntilReady((onProgress) =>
  openTask('voice', { task: 'voice-activity-detection', threads: 1, onProgress }),
);
void tryOut(() => loadSample(sample.value));

sample.addEventListener('change', () => void tryOut(() => loadSample(sample.value)));
listenForFiles({
  chooser: part('file', HTMLInputElement),
  onFile: (chosen) => void tryOut(() => readFile(chosen)),
});
listen.addEventListener('click', () => {
  if (!recording) void record();
  else if (shown?.isLive) void recording.return?.();
  else leaveRecording(); // nothing was heard yet: the user is being asked, or the model opens
});
play.addEventListener('click', () => {
  if (player.isPlaying) player.stop();
  else if (shown?.sound) player.play(shown.sound);
});

/** Ends what went on before. */
function begin(): AbortSignal {
  work.abort();
  work = new AbortController();
  player.stop();
  soundProblem.hide();
  return work.signal;
}

/** Shows a complete sound, and what the model finds in it. */
async function tryOut(load: () => Promise<ShownSound>): Promise<void> {
  const signal = begin();
  try {
    const sound = await load();
    if (!signal.aborted) await find(sound, signal);
  } catch (error) {
    if (!signal.aborted) fail(error);
  }
}

async function readFile(chosen: Blob): Promise<ShownSound> {
  return decodeSound(await chosen.arrayBuffer());
}

async function find(sound: ShownSound, signal: AbortSignal): Promise<void> {
  const peaks = createSoundPeaks();
  peaks.append(sound.samples, sound.sampleRateHz);
  shown = { sound, peaks, windows: [], segments: [], isLive: false };
  hideResult();
  redraw();
  const model = await opened;
  signal.throwIfAborted();
  const { output, meta } = await model.run(sound, { signal, priority: 'interactive' });
  shown.windows.push(...output.windows);
  shown.segments = output.segments;
  redraw();
  showResult(meta.preMs + meta.runMs + meta.postMs);
}

/** Listens until the button is pressed again, and then looks at the whole once more. */
async function record(): Promise<void> {
  const signal = begin();
  const heard = microphone({ signal });
  const pieces: Float32Array[] = [];
  const peaks = createSoundPeaks();
  const live: Shown = { sound: undefined, peaks, windows: [], segments: [], isLive: true };
  let sampleRateHz = 0;
  recording = heard;
  showListening(true);
  try {
    const model = await opened;
    signal.throwIfAborted();
    const source = keep(heard, (piece) => {
      if (shown !== live) {
        shown = live;
        hideResult();
        canvas.ariaLabel = 'Live waveform of what the microphone hears';
      }
      pieces.push(piece.samples);
      peaks.append(piece.samples, piece.sampleRateHz);
      sampleRateHz = piece.sampleRateHz;
      redraw();
      if (peaks.durationMs > LONGEST_S * 1000) void heard.return();
    });
    const complete: Segment[] = [];
    for await (const { output } of model.stream(source, { signal })) {
      complete.push(...output.segments);
      live.windows.push(...output.windows);
      live.segments = withOpen(complete, output.open, peaks.durationMs);
      showSpeaking(output, peaks.durationMs);
    }
  } catch (error) {
    if (!signal.aborted) fail(error);
  } finally {
    await heard.return();
    if (recording === heard) recording = undefined;
    showListening(recording !== undefined);
  }
  if (signal.aborted || pieces.length === 0) return;
  const sound = { samples: joinSamples(pieces), sampleRateHz };
  await find(sound, signal).catch((error) => {
    if (!signal.aborted) fail(error);
  });
}

function leaveRecording(): void {
  begin();
  recording = undefined;
  showListening(false);
}

/** Hands pieces on, and tells of each. */
async function* keep<Piece>(
  source: AsyncIterable<Piece>,
  tell: (piece: Piece) => void,
): AsyncGenerator<Piece> {
  for await (const piece of source) {
    tell(piece);
    yield piece;
  }
}

/** A segment that goes on is drawn as far as the sound. */
function withOpen(
  complete: readonly Segment[],
  going: FoundSound['open'],
  nowMs: number,
): readonly Segment[] {
  return going ? [...complete, { fromMs: going.fromMs, toMs: nowMs }] : [...complete];
}

function redraw(playheadMs?: number): void {
  if (!shown) return;
  const { peaks, windows, segments, isLive } = shown;
  const fromMs = isLive ? liveFrom(peaks.durationMs) : 0;
  const toMs = isLive ? fromMs + LIVE_MS : Math.max(1, peaks.durationMs);
  waveform.show({ peaks, fromMs, toMs, segments, windows, playheadMs });
}

/** Where the drawing begins while it listens. It follows the sound, or stands still and begins anew when it is full. */
function liveFrom(heardMs: number): number {
  if (REDUCED_MOTION.matches) return Math.floor(heardMs / LIVE_MS) * LIVE_MS;
  return Math.max(0, heardMs - LIVE_MS);
}

function showListening(isListening: boolean): void {
  page.toggleAttribute('data-listening', isListening);
  page.removeAttribute('data-speaking');
  listen.setAttribute('aria-pressed', String(isListening));
  part('listen-label', HTMLElement).textContent = isListening ? 'Stop' : 'Listen';
  play.disabled = isListening;
}

/** While it listens: only a change is worth announcing. */
function showSpeaking({ open }: FoundSound, heardMs: number): void {
  page.toggleAttribute('data-speaking', open !== undefined);
  write('summary', open ? 'Speech' : 'Listening');
  write('summary-of', `${seconds(heardMs)} so far`);
  write('speed', '');
  part('segments', HTMLElement).replaceChildren();
  part('result', HTMLElement).hidden = false;
}

function hideResult(): void {
  part('result', HTMLElement).hidden = true;
  canvas.ariaLabel = 'Sound that was not looked at yet';
}

function showResult(tookMs: number): void {
  if (!shown) return;
  const { segments, peaks, sound } = shown;
  const spokenMs = segments.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const spoken = segments.length > 0 ? `${seconds(spokenMs)} of speech` : 'No speech';
  write('summary', spoken);
  write('summary-of', `in ${seconds(peaks.durationMs)}`);
  const times = Math.max(1, Math.round(peaks.durationMs / tookMs));
  const took = tookMs < 1000 ? `${Math.round(tookMs)} ms` : seconds(tookMs);
  write('speed', `Found in ${took}, ${times} times faster than it was spoken.`);
  canvas.ariaLabel = `Waveform: ${spoken} in ${seconds(peaks.durationMs)}`;
  const items = segments.map(({ fromMs, toMs }) => {
    const button = document.createElement('button');
    button.type = 'button';
    const span = `${seconds(fromMs, '')} – ${seconds(toMs)}`;
    button.textContent = span;
    button.ariaLabel = `Play ${span}`; // who speaks to a page says what is seen
    button.addEventListener('click', () => sound && player.play(sound, fromMs, toMs));
    const item = document.createElement('li');
    item.append(button);
    return item;
  });
  part('segments', HTMLElement).replaceChildren(...items);
  part('result', HTMLElement).hidden = false;
}

function seconds(ms: number, unit = ' s'): string {
  return `${(ms / 1000).toFixed(1)}${unit}`;
}

function write(id: string, text: string): void {
  const element = part(id, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}

function fail(error: unknown): void {
  part('result', HTMLElement).hidden = true;
  soundProblem.show(error);
}
