/**
 * Reads the rules of a SentencePiece model by which it replaces characters: a double array (Aoe, 1989; `darts-clone`)
 * over UTF-8, and the texts that stand in.
 *
 * @param base64 `precompiled_charsmap` of a `tokenizer.json`
 */
export function readCharsmap(base64: string): (text: string) => string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const units = view.getUint32(0, true) / 4;
  const array = Uint32Array.from({ length: units }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + 4 * units);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();

  /** The text that stands in for the shortest beginning that a rule is about. */
  function replacementOf(part: string): string | undefined {
    let place = offsetOf(array[0] ?? 0);
    for (const byte of encoder.encode(part)) {
      place ^= byte;
      const unit = array[place] ?? 0;
      if ((unit & 0x8000_00ff) !== byte) return undefined;
      place ^= offsetOf(unit);
      if (unit & 0x100) {
        const start = (array[place] ?? 0) & 0x7fff_ffff;
        return decoder.decode(texts.subarray(start, texts.indexOf(0, start)));
      }
    }
    return undefined;
  }

  function replace(cluster: string): string {
    const whole = encoder.encode(cluster).length < 6 ? replacementOf(cluster) : undefined;
    return whole ?? Array.from(cluster, (one) => replacementOf(one) ?? one).join('');
  }

  return (text) => {
    const known = new Map<string, string>();
    let replaced = '';
    for (const cluster of clustersOf(text)) {
      const instead = known.get(cluster) ?? replace(cluster);
      known.set(cluster, instead);
      replaced += instead;
    }
    return replaced;
  };
}

/** Characters that are looked at together: the browser's time for a text grows with the square of its length. */
const SLICE = 256;

/** Grapheme clusters, each of which people see as one character (Unicode Standard Annex 29). */
function* clustersOf(text: string): Generator<string> {
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
  let start = 0;
  let length = SLICE;
  while (start < text.length) {
    const slice = text.slice(start, start + length);
    const clusters = Array.from(segmenter.segment(slice), ({ segment }) => segment);
    const isCut = start + length < text.length;
    if (isCut && clusters.length === 1) {
      length *= 2;
      continue;
    }
    const whole = isCut ? clusters.slice(0, -1) : clusters; // the last one may go on after the slice
    yield* whole;
    for (const { length } of whole) start += length;
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >> 6);
}
