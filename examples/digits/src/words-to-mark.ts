/** English words that are in nearly every text: marking them helps nobody. */
const EVERYWHERE = new Set(
  `a about an and any are as at be been but by can could did do does for from get gets had has have how i if in into is it
  its many may me might more most much must my no nor not of on or our shall should so some such than that the their them
  then there these they this those to too us was we were what when where which while who whom whose why will with without
  would you your`.split(/\s+/),
);

/** @returns what finds the words of a question in a text, one at a time; undefined where the question has none to mark */
export function wordsToMark(question: string): RegExp | undefined {
  const words = question.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const among = words.filter((word) => !EVERYWHERE.has(word.toLowerCase())).join('|');
  return among === ''
    ? undefined
    : new RegExp(`(?<![\\p{L}\\p{M}\\p{N}])(${among})(?![\\p{L}\\p{M}\\p{N}])`, 'iu');
}
