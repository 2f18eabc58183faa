/**
 * What `check-run-options.ts` says of runs, for every other call that takes options.
 *
 * @param call its name, for the message
 * @throws TypeError for what is no object, or has a name in it that is not known
 */
export function requireKnownOptions(
  call: string,
  options: unknown,
  known: readonly string[],
): asserts options is object {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${call}: expected an object of options; got ${String(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`${call}: expected one of the options ${known.join(', ')}; got '${unknown}'`);
}
