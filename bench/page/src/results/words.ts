import type { ResultRow } from './result.ts';

/** Three digits: more of them change from run to run. */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms === 0) return '0 ms';
  return `${digits(ms)} ms`;
}

/** Two times with one unit where they share it. */
export function formatMsRange([low, high]: readonly [number, number]): string {
  const [from, to] = [formatMs(low), formatMs(high)];
  if (from === to) return from;
  return from.endsWith(' ms') && to.endsWith(' ms')
    ? `${from.slice(0, -3)}–${to}`
    : `${from} – ${to}`;
}

/** A round number on an axis, without the noughts of a measured one. */
export function formatTick(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-GB', { maximumFractionDigits: 3 });
}

export function formatRate(perSecond: number): string {
  return `${digits(perSecond)}/s`;
}

export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${digits(bytes / 1e9)} GB`;
  if (bytes >= 1e6) return `${digits(bytes / 1e6)} MB`;
  return `${digits(bytes / 1e3)} KB`;
}

/** A share, 0 … 1, as percent. It is never rounded to 0 or 100 while it is neither. */
export function formatShare(share: number): string {
  const percent = 100 * share;
  if (percent === 100 || percent === 0) return `${percent}%`;
  if (percent > 99.99) return '>99.99%';
  if (percent < 0.01) return '<0.01%';
  return `${percent.toFixed(percent >= 99 || percent < 1 ? 2 : 1)}%`;
}

/** × as long, or as fast, as what it is compared with. */
export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(2)}×`;
}

function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-GB');
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** 1 row, 2 rows. */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-GB')} ${what}${count === 1 ? '' : 's'}`;
}

/** a; a and b; a, b and c. */
export function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

export function correctnessInWords({ correctness }: ResultRow): string {
  if (!correctness) return 'not checked';
  switch (correctness.against) {
    case 'nothing':
      return 'nothing to check against';
    case 'golden':
      return correctness.isRight ? `right, ${correctness.cases} golden cases` : 'wrong numbers';
    case 'first-row':
      return correctness.isRight ? 'as the first row' : 'other than the first row';
  }
}
