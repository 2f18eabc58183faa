const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** Scripts that set no spaces between words. */
const UNSPACED =
  '\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const HAS_UNSPACED = new RegExp(`[${UNSPACED}]`, 'u');
const RUN = new RegExp(`[${UNSPACED}]+|[^${UNSPACED}]+`, 'gu');

/** Forms of Unicode sort the marks of a character, in the square of their number: a million take minutes. */
const MORE_MARKS = /(\p{M}{32})\p{M}+/gu;

/**
 * The words of a text, one after another: runs of letters, marks and digits in the form NFKC (Unicode Standard Annex
 * 15), lower case. Of scripts without spaces each character is one, and each pair of neighbours. `Intl.Segmenter` is not
 * used: it took 18 times as long (Node 20), and other versions of ICU cut other words, so that a saved index would not fit.
 */
export function* wordsOf(text: string): Generator<string, void, void> {
  const whole = text.replace(MORE_MARKS, '$1').normalize('NFKC').toLowerCase();
  for (const [word] of whole.matchAll(WORD)) {
    if (HAS_UNSPACED.test(word)) yield* unspaced(word);
    else yield word;
  }
}

function* unspaced(word: string): Generator<string, void, void> {
  for (const [run] of word.matchAll(RUN)) {
    if (!HAS_UNSPACED.test(run)) {
      yield run;
      continue;
    }
    let before = '';
    for (const character of run) {
      yield character;
      if (before) yield before + character;
      before = character;
    }
  }
}
