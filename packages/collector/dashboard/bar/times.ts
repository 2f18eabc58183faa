import { byId } from '../element.js';
import type { Moment } from '../state/moment.js';
import { type PageState, stretchOf } from '../state/page-state.js';

/** Makes fields for two moments, and buttons to go back, on and out. */
export function createTimes(choose: (change: Partial<PageState>) => void): {
  show(moment: Moment): void;
} {
  const from = byId<HTMLInputElement>('from');
  const to = byId<HTMLInputElement>('to');
  let newest: Moment | undefined;
  const details = byId<HTMLDetailsElement>('moments');
  byId('controls').addEventListener('submit', () => {
    const range = stretchOf(from.value, to.value);
    to.setCustomValidity(range ? '' : 'The end must be after the beginning.');
    if (!range) return void to.reportValidity();
    details.open = false;
    choose({ range });
  });
  /** A refresh must not take away what somebody is typing. */
  let isTyped = false;
  for (const input of [from, to]) {
    input.addEventListener('input', () => {
      isTyped = true;
      to.setCustomValidity('');
    });
  }
  details.addEventListener('toggle', () => {
    isTyped = false;
  });
  details.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    details.open = false;
    byId('other-time').focus();
  });
  const move = (by: (length: number) => [number, number]) => () => {
    if (!newest) return;
    const { fromMs, toMs, nowMs } = newest;
    const [first, last] = by(toMs - fromMs);
    isTyped = false;
    choose({ range: { fromMs: fromMs + first, toMs: Math.min(toMs + last, nowMs) } });
  };
  byId('earlier').addEventListener(
    'click',
    move((length) => [-length / 2, -length / 2]),
  );
  byId('later').addEventListener(
    'click',
    move((length) => [length / 2, length / 2]),
  );
  byId('wider').addEventListener(
    'click',
    move((length) => [-length / 2, length / 2]),
  );
  return {
    show(moment) {
      newest = moment;
      for (const [input, ms] of [
        [from, moment.fromMs],
        [to, moment.toMs],
      ] as const) {
        if (!isTyped) input.value = localMinute(ms);
      }
      byId<HTMLButtonElement>('later').disabled = moment.nowMs - moment.toMs < 60_000;
    },
  };
}

/** As `<input type="datetime-local">` has it. */
function localMinute(ms: number): string {
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 16);
}
