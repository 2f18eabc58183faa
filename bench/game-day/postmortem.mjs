import { readFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';

const FORM = `${root}docs/operating/postmortem.md`;
/** A word that is to be replaced: all of them have a line between their parts. */
const WORD = /\b[A-Z]+(?:_[A-Z]+)+\b/g;
/** The line that tells how the form is used. */
const HOW = /^Words in capitals .*\n\n/m;

/**
 * Fills in the form of a postmortem.
 *
 * @param {Record<string, string>} words by the word in capitals that they replace; what is not there is not known
 */
export async function fillPostmortem(words) {
  const form = await readFile(FORM, 'utf8');
  return form.replace(HOW, '').replace(WORD, (word) => words[word] ?? 'not known');
}
