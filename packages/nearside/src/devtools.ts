import type { ModelEventName, ModelEvents } from './shared/api/events.js';
import type { Model, OpeningStats } from './shared/api/model.js';

/** Tracks of all models lie in one group of the panel. */
const GROUP = 'Nearside';

/** Colours of the panel's own palette, by what an entry is; `docs/guide/devtools.md` says them. */
const COLOURS = {
  opening: 'secondary-dark',
  step: 'secondary',
  run: 'tertiary-light',
  queue: 'primary-light',
  stage: 'primary',
  model: 'primary-dark',
  change: 'tertiary-dark',
  failure: 'error',
} as const;

type Kind = keyof typeof COLOURS;

/** Each run draws five entries at once, and so they are no objects. Both times are by `performance.now()`. */
type Draw = (label: string, kind: Kind, startMs: number, endMs: number) => void;

/**
 * Draws what is known of an open model into a track of Chrome's performance panel: its opening by step, each run with its
 * queue, and changes of backend and version. Without a recording next to nothing is spent, and no entries are kept.
 *
 * Draws nothing, and throws nothing, where the browser has neither `console.timeStamp` with times nor `performance.measure`.
 *
 * @param model of any task. What happened before, its opening aside, is not drawn
 * @returns a function that stops it
 * @throws TypeError for what is no open model
 */
export function showInDevTools(model: Pick<Model, 'on' | 'stats'>): () => void {
  if (typeof model?.on !== 'function' || typeof model.stats !== 'function') {
    throw new TypeError('showInDevTools: expected an open model, as `open` gives it');
  }
  const { model: name, opening } = model.stats();
  const draw = drawInTrack(name);
  drawOpening(opening, draw);

  // Events from before were kept for a first listener, without their moment: they come in the next microtask.
  let isLate = true;
  const onLive = <Name extends ModelEventName>(
    event: Name,
    tell: (event: ModelEvents[Name]) => void,
  ) =>
    model.on(event, (happened) => {
      if (!isLate) tell(happened);
    });
  const offs = [
    onLive('run-end', (run) => drawRun(run, draw)),
    ...drawChanges(onLive, (label, kind = 'change') => {
      const nowMs = performance.now();
      draw(label, kind, nowMs, nowMs);
    }),
  ];
  queueMicrotask(() => {
    isLate = false;
  });
  return () => {
    for (const off of offs) off();
  };
}

function drawChanges(on: Model['on'], draw: (label: string, kind?: Kind) => void): (() => void)[] {
  return [
    on('backend-selected', ({ backend, variant, origin }) =>
      draw(`${backend}, ${variant} (${origin})`),
    ),
    on('backend-quarantined', ({ backend, code }) => draw(`${backend}: ${code}`, 'failure')),
    on('runtime-fallback', ({ code }) => draw(`full ONNX Runtime: ${code}`, 'failure')),
    on('version-ready', ({ version }) => draw(`${version} is ready`)),
    on('version-swapped', ({ from, to }) => draw(`${from} → ${to}`)),
    on('version-failed', ({ version, code }) => draw(`${version}: ${code}`, 'failure')),
    on('version-rolled-back', ({ from, to, code }) => draw(`${from} → ${to}: ${code}`, 'failure')),
  ];
}

/**
 * The lengths are measured. Where a step lies follows from their order: the last one ends when the model is ready, and
 * weights and runtime are waited for side by side.
 */
function drawOpening({ origin, startMs, totalMs, steps }: OpeningStats, draw: Draw): void {
  const endMs = startMs + totalMs;
  const checkMs = endMs - steps.check;
  const sessionMs = checkMs - steps.session;
  const drawStep = (step: keyof OpeningStats['steps'], toMs: number) => {
    if (steps[step] > 0) draw(step, 'step', Math.max(startMs, toMs - steps[step]), toMs);
  };
  draw(`open (${origin})`, 'opening', startMs, endMs);
  drawStep('metadata', sessionMs - steps.weights);
  drawStep('weights', sessionMs);
  drawStep('runtime', sessionMs);
  drawStep('session', checkMs);
  drawStep('check', endMs);
}

/** A run, and its parts one behind the other. `queue` is all that is no part of its own, the way back included. */
function drawRun({ id, code, totalMs, meta }: ModelEvents['run-end'], draw: Draw): void {
  const endMs = performance.now();
  let atMs = endMs - totalMs;
  if (!meta) {
    draw(`run ${id}: ${code ?? 'aborted'}`, code ? 'failure' : 'run', atMs, endMs);
    return;
  }
  if (meta.fallback) {
    draw(`run ${id}: fallback`, 'failure', atMs, endMs);
    return;
  }
  const drawPart = (label: string, kind: Kind, lengthMs: number) => {
    if (lengthMs > 0) draw(label, kind, atMs, atMs + lengthMs);
    atMs += lengthMs;
  };
  draw(meta.batch > 1 ? `run ${id}, batch of ${meta.batch}` : `run ${id}`, 'run', atMs, endMs);
  drawPart('queue', 'queue', meta.queueMs);
  drawPart('pre', 'stage', meta.preMs);
  drawPart('run', 'model', meta.runMs);
  drawPart('post', 'stage', meta.postMs);
}

/** From this version on Chromium's `console.timeStamp` takes times and a track, and nothing a page can read says so. */
const CHROMIUM_WITH_TIMES = 134;

interface Platform {
  readonly console: { timeStamp?: (...drawn: readonly (string | number)[]) => void };
  readonly performance: Partial<Pick<Performance, 'measure' | 'clearMeasures'>>;
  readonly navigator?: {
    readonly userAgentData?: {
      readonly brands: readonly { readonly brand: string; readonly version: string }[];
    };
  };
}

/** `console.timeStamp` leaves nothing behind, and costs nothing while nobody records. */
function drawInTrack(track: string): Draw {
  const { console, performance, navigator } = globalThis as Platform;
  const takesTimes = navigator?.userAgentData?.brands.some(
    ({ brand, version }) => brand === 'Chromium' && Number(version) >= CHROMIUM_WITH_TIMES,
  );
  if (takesTimes && console.timeStamp) {
    return (label, kind, startMs, endMs) =>
      console.timeStamp?.(label, startMs, endMs, track, GROUP, COLOURS[kind]);
  }
  return (label, kind, start, end) => {
    const name = `${GROUP}: ${label}`; // differs from measures of the page: those stay
    const devtools = { track, trackGroup: GROUP, color: COLOURS[kind] };
    try {
      performance.measure?.(name, { start, end, detail: { devtools } });
      performance.clearMeasures?.(name);
    } catch {} // an older browser measures between marks alone
  };
}
