// The list of functions that stay, as it is committed: which file it was made of, and ranges of functions.

/**
 * @param {readonly number[]} functions
 * @returns {string} ranges in rising order, each as the gap since the one before and the length: `3+2 10+1`
 */
export function writeRanges(functions) {
  const sorted = [...new Set(functions)].sort((a, b) => a - b);
  const ranges = [];
  let end = 0;
  for (const each of sorted) {
    const last = ranges.at(-1);
    if (last && each === end) last.length += 1;
    else ranges.push({ gap: each - end, length: 1 });
    end = each + 1;
  }
  return ranges.map(({ gap, length }) => `${gap}+${length}`).join(' ');
}

/**
 * @param {string} ranges
 * @returns {number[]} functions, in rising order
 */
export function readRanges(ranges) {
  const functions = [];
  let at = 0;
  for (const range of ranges.split(' ').filter(Boolean)) {
    const [gap, length] = range.split('+').map(Number);
    at += gap;
    for (let i = 0; i < length; i += 1) functions.push(at + i);
    at += length;
  }
  return functions;
}
