import type { ScoredWindow, Segment } from 'nearside';
import type { SoundPeaks } from './sound-peaks.js';

/** A drawing shows these. */
export interface WaveformView {
  readonly peaks: SoundPeaks;
  readonly fromMs: number;
  readonly toMs: number;
  readonly segments: readonly Segment[];
  readonly windows: readonly ScoredWindow[];
  /** Where it is played, ms; undefined when it is not. */
  readonly playheadMs: number | undefined;
}

/** Pixels. */
const BAR = 2;
const GAP = 1.5;
const AXIS = 22;
const SCORES = 26;
/** Fainter sound is drawn as if this were its loudest, so that silence stays a line. */
const LEAST_LOUDEST = 0.04;
/** Makes faint sound visible, about as ears do. */
const GAMMA = 0.7;
/** Between two marks of the axis, ms. */
const STEPS_MS = [200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];
/** Pixels that a mark needs at least. */
const MARK_ROOM = 64;

/** Draws sound with what was found in it: bars, tinted where somebody speaks, and below them the scores. */
export function createWaveform(canvas: HTMLCanvasElement) {
  let view: WaveformView | undefined;
  let isPlanned = false;

  function plan(): void {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => {
      isPlanned = false;
      if (view) draw(canvas, view);
    });
  }

  new ResizeObserver(plan).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', plan);
  return {
    show(next: WaveformView) {
      view = next;
      plan();
    },
  };
}

function draw(canvas: HTMLCanvasElement, view: WaveformView): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  const context = canvas.getContext('2d');
  if (!context || width === 0) return;
  const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const colors = readColors(style);
  const { fromMs, toMs } = view;
  const xOf = (ms: number) => ((ms - fromMs) / (toMs - fromMs)) * width;
  const scene: Scene = { context, view, width, xOf, colors, waveHeight: height - AXIS - SCORES };
  drawSegments(scene);
  drawBars(scene);
  drawScores(scene);
  drawAxis(scene, `12px ${style.fontFamily}`);
  drawPlayhead(scene);
}

/** Once for a drawing, not once for a bar. */
function readColors(style: CSSStyleDeclaration) {
  const read = (name: string) => style.getPropertyValue(`--${name}`);
  return {
    ink: read('ink'),
    soft: read('soft'),
    line: read('line'),
    wave: read('wave'),
    speech: read('speech'),
    speechBack: read('speech-back'),
  };
}

interface Scene {
  readonly context: CanvasRenderingContext2D;
  readonly view: WaveformView;
  readonly width: number;
  readonly waveHeight: number;
  readonly xOf: (ms: number) => number;
  readonly colors: ReturnType<typeof readColors>;
}

function drawSegments({ context, view, waveHeight, xOf, colors }: Scene): void {
  context.fillStyle = colors.speechBack;
  for (const { fromMs, toMs } of view.segments) {
    const x = xOf(fromMs);
    context.beginPath();
    context.roundRect(x, 0, Math.max(2, xOf(toMs) - x), waveHeight, 10);
    context.fill();
  }
}

function drawBars({ context, view, width, waveHeight, colors }: Scene): void {
  const { peaks, fromMs, toMs, segments } = view;
  const loudest = Math.max(LEAST_LOUDEST, peaks.loudest);
  const msPerPixel = (toMs - fromMs) / width;
  // Bars stand at places of the sound, not of the canvas: they move with it and do not flicker.
  const step = (BAR + GAP) * msPerPixel;
  for (let at = Math.floor(fromMs / step) * step; at < toMs; at += step) {
    if (at >= peaks.durationMs) break;
    const level = (peaks.between(at, at + step) / loudest) ** GAMMA;
    const height = Math.max(BAR, level * (waveHeight - 24));
    const middle = at + step / 2;
    const isSpeech = segments.some((one) => middle >= one.fromMs && middle <= one.toMs);
    context.fillStyle = isSpeech ? colors.speech : colors.wave;
    context.beginPath();
    context.roundRect((at - fromMs) / msPerPixel, (waveHeight - height) / 2, BAR, height, BAR / 2);
    context.fill();
  }
}

/** A line from 0 below to 1 above. */
function drawScores({ context, view, waveHeight, xOf, colors }: Scene): void {
  const yOf = (score: number) => waveHeight + SCORES - 3 - score * (SCORES - 9);
  context.strokeStyle = colors.soft;
  context.lineWidth = 1.5;
  context.lineJoin = 'round';
  context.beginPath();
  for (const { fromMs, toMs, score } of view.windows) {
    if (toMs < view.fromMs) continue;
    context.lineTo(xOf((fromMs + toMs) / 2), yOf(score));
  }
  context.stroke();
}

function drawAxis({ context, view, width, waveHeight, xOf, colors }: Scene, font: string): void {
  const { fromMs, toMs } = view;
  const leastMs = ((toMs - fromMs) / width) * MARK_ROOM;
  const step = STEPS_MS.find((ms) => ms >= leastMs) ?? 60_000;
  const y = waveHeight + SCORES;
  context.font = font;
  context.textBaseline = 'bottom';
  for (let ms = Math.ceil(Math.max(0, fromMs) / step) * step; ms <= toMs; ms += step) {
    const x = xOf(ms);
    const text = `${ms / 1000} s`;
    const room = context.measureText(text).width;
    const start = ms === fromMs ? 0 : x - room / 2;
    if (start + room > width) break;
    context.fillStyle = colors.line;
    context.fillRect(x, y, 1, 5);
    context.fillStyle = colors.soft;
    context.fillText(text, start, y + AXIS);
  }
}

function drawPlayhead({ context, view, waveHeight, xOf, colors }: Scene): void {
  if (view.playheadMs === undefined) return;
  context.fillStyle = colors.ink;
  context.fillRect(xOf(view.playheadMs) - 1, 0, 2, waveHeight);
}
