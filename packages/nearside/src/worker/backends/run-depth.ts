/** Depths at which runs begin, in turn, 8 bytes apart. */
const DEPTHS = 64;

/**
 * Has each run begin at another depth in the stack. Chromium on x64 keeps vectors that have no register at addresses that
 * are multiples of 8, not of 16, so that one may lie across two pages of memory. A kernel that writes and reads such a one
 * in its innermost loop takes 2.4 times as long, run after run, as long as all frames below it keep their sizes
 * (Chromium 156: OCR recogniser on two threads). Arguments that nobody reads move all frames by 8 bytes each: a vector lies
 * across a border in one run of 64 at most.
 *
 * @param parameters how many the function has that computes; no other export of the runtime has as many
 * @returns the runtime's exports, with one for that function that passes more arguments
 */
export function varyDepth(exports: WebAssembly.Exports, parameters: number): WebAssembly.Exports {
  let depth = 0;
  const lists = Array.from(
    { length: DEPTHS },
    (_, unread) => new Array<unknown>(parameters + unread),
  );

  function begin(compute: (...args: unknown[]) => unknown) {
    return (...args: unknown[]) => {
      const list = lists[depth] as unknown[];
      depth = (depth + 1) % DEPTHS;
      for (let i = 0; i < parameters; i += 1) list[i] = args[i];
      return compute(...list);
    };
  }

  const varied = Object.entries(exports).map(([name, value]) => {
    const isRun = typeof value === 'function' && value.length === parameters;
    return [name, isRun ? begin(value as (...args: unknown[]) => unknown) : value];
  });
  return Object.fromEntries(varied);
}
