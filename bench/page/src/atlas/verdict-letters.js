/** One letter of each verdict, for a link: all of a backend is a word as long as there are tests. */
export const LETTERS = Object.freeze({
  right: 'r',
  'right-on-cpu': 'c',
  wrong: 'w',
  failed: 'f',
  absent: 'a',
  excluded: 'x',
  waiting: '-',
});
