import type { ModelCalls } from '../protocol.js';

/** Calls that need nothing but to be passed on. */
const PLAIN_CALLS = [
  'open',
  'openUnsigned',
  'fetch',
  'missingBytes',
  'lightest',
  'time',
  'check',
  'spendTry',
  'reject',
  'storage',
  'warm',
  'recall',
  'beginStream',
  'endStream',
] as const satisfies readonly (keyof ModelCalls)[];

export type PlainCalls = Pick<ModelCalls, (typeof PLAIN_CALLS)[number]>;

/** One function for each of them, made by its name. */
export function passOn(
  toCall: (name: keyof PlainCalls) => (request: never) => Promise<unknown>,
): PlainCalls {
  return Object.fromEntries(PLAIN_CALLS.map((name) => [name, toCall(name)])) as never;
}
