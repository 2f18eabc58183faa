import type { ResultRow } from './result.ts';

/** Three digits: more of them change from run to run. */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms === 0) return '0 ms';
  return `${digits(ms)} ms`;
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

/** × as long, or as fast, as what it is compared with. */
export function formatRatio(ratio: number): string {
  return `${ratio.toFixed(2)}×`;
}

function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-GB');
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(2);
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
