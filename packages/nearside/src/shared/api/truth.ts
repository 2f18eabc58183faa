import { LARGEST_VALUE } from '@nearside/core';
import type { Truth } from './model.js';

export const TRUTHS = 'feedback: expected { label }, { correct } or { value }';
export const OUTCOMES = 'outcome: expected a name of 1 to 64 characters, and a number up to 1e11';

/** Whether feedback says one thing, and of its kind. */
export function isTruth(truth: Truth): boolean {
  const { label, correct, value } = { ...truth } as Record<string, unknown>;
  return typeof label === 'string' || typeof correct === 'boolean' || Number.isFinite(value);
}

export function isOutcome(name: string, value: number): boolean {
  const isName = typeof name === 'string' && name.length > 0 && name.length <= 64;
  return isName && Math.abs(value) <= LARGEST_VALUE;
}
