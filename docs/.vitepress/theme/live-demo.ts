import type { LabelScore, RunMeta } from 'nearside';
import { withBase } from 'vitepress';
import {
  defineComponent,
  h,
  onMounted,
  onUnmounted,
  type ShallowRef,
  shallowRef,
  type VNode,
} from 'vue';
import { createDrawBoard, type DrawBoard } from '../../../examples/digits/src/draw-board.js';
import { drawnDigit } from '../../../examples/digits/src/drawn-digit.js';
import { formatPercent } from '../../../examples/digits/src/format-percent.js';
import { drawWithKeyboard } from '../../../examples/digits/src/keyboard-pen.js';
import { drawWithPointer } from '../../../examples/digits/src/pointer-pen.js';
import type { Stroke } from '../../../examples/digits/src/stroke.js';
import { digits } from './digits.model.js';

type State =
  | { readonly is: 'inviting' | 'opening' }
  | { readonly is: 'answered'; readonly best: LabelScore; readonly meta: RunMeta }
  | { readonly is: 'failed'; readonly message: string };

const HELP = 'live-demo-help';

/** A board to draw a digit on, which the reader's device reads. Library and model load with the first stroke. */
export const LiveDemo = defineComponent(() => {
  const canvas = shallowRef<HTMLCanvasElement>();
  const state = shallowRef<State>({ is: 'inviting' });
  const model = createLazyModel();
  /** The drawing that is being read; a newer one ends it. */
  let reading = new AbortController();
  let board: DrawBoard | undefined;

  async function read(strokes: readonly Stroke[]): Promise<void> {
    reading.abort();
    reading = new AbortController();
    const { signal } = reading;
    try {
      const input = drawnDigit(strokes);
      if (state.value.is !== 'answered') state.value = { is: 'opening' };
      const opened = await model.open();
      signal.throwIfAborted();
      const { output, meta } = await opened.run(input, { signal, priority: 'interactive' });
      const [best] = output;
      if (best && !signal.aborted) state.value = { is: 'answered', best, meta };
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      state.value = { is: 'failed', message };
    }
  }

  function clear(): void {
    reading.abort();
    board?.clear();
    state.value = { is: 'inviting' };
  }

  onMounted(() => {
    if (!canvas.value) return;
    board = createDrawBoard(canvas.value, { onPause: (strokes) => void read(strokes) });
    drawWithPointer(canvas.value, board);
    drawWithKeyboard(canvas.value, { board, onClear: clear });
  });
  onUnmounted(() => {
    reading.abort();
    model.close();
  });

  return () =>
    h('section', { class: 'live-demo', 'aria-label': 'Live demo' }, [
      slate({ canvas, onBegin: () => model.begin() }),
      h('p', { id: HELP, class: 'visually-hidden' }, KEYS),
      answerBelow(state.value, clear),
    ]);
});

interface Slate {
  readonly canvas: ShallowRef<HTMLCanvasElement | undefined>;
  readonly onBegin: () => void;
}

function slate({ canvas, onBegin }: Slate): VNode {
  return h('div', { class: 'live-slate' }, [
    h('canvas', {
      ref: canvas,
      'data-empty': 'true',
      tabindex: 0,
      role: 'application',
      'aria-label': 'Drawing board',
      'aria-describedby': HELP,
      // A stroke takes longer than the start of a download.
      onPointerdown: onBegin,
    }),
    h('p', { class: 'live-hint', 'aria-hidden': 'true' }, [
      h('svg', { viewBox: '0 0 48 48', width: 64, height: 64 }, [
        h('path', { d: 'M13 13h21c-8 7-12 14-13 24' }),
      ]),
      'Draw a digit',
    ]),
  ]);
}

function answerBelow(state: State, onClear: () => void): VNode {
  const { label, sentence, facts } = inWords(state);
  return h('div', { class: 'live-answer', 'data-state': state.is }, [
    h('p', { class: 'live-label', 'aria-hidden': 'true' }, label),
    h('p', { class: 'live-words', role: 'status' }, [
      label === '?' ? '' : h('span', { class: 'visually-hidden' }, `Read as ${label}, `),
      h('strong', sentence),
      h(
        'span',
        facts.map((part) => h('span', { class: 'live-part' }, part)),
      ),
    ]),
    h('button', { type: 'button', onClick: onClear }, 'Clear'),
  ]);
}

const KEYS =
  'With the keyboard: arrow keys move the pen, the space bar lowers and lifts it, Escape wipes the board.';

function inWords(state: State): { label: string; sentence: string; facts: string[] } {
  switch (state.is) {
    case 'inviting':
      return {
        label: '?',
        sentence: 'Your device reads it',
        facts: ['It loads with your first stroke.', 'Nothing you draw is sent.'],
      };
    case 'opening':
      return {
        label: '?',
        sentence: 'Opening the model …',
        facts: ['Once: the next visit has it.'],
      };
    case 'failed':
      return { label: '?', sentence: 'The model could not be opened', facts: [state.message] };
    case 'answered': {
      const { best, meta } = state;
      const ms = meta.preMs + meta.runMs + meta.postMs;
      return {
        label: best.label,
        sentence: `${formatPercent(best.score)} sure`,
        facts: [`${ms.toFixed(ms < 10 ? 1 : 0)} ms on this device,`, `by ${meta.backend}`],
      };
    }
  }
}

/** Opened once, when it is first asked for, and again after it failed. */
function createLazyModel() {
  let opened: ReturnType<typeof openDigits> | undefined;

  function open() {
    opened ??= openDigits().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  }

  return {
    open,
    begin(): void {
      open().catch(() => {}); // told when a drawing is read
    },
    close(): void {
      opened?.then((model) => model.close()).catch(() => {});
    },
  };
}

async function openDigits() {
  const { open } = await import('nearside/wasm');
  return open({ ...digits, url: withBase(digits.url) });
}
