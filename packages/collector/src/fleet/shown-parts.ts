/**
 * Returns the parts of a whole that have enough devices to be shown beside it. The rest of the whole is known too.
 * Where the hidden parts together have fewer devices than the floor, the smallest of the others are hidden with them.
 *
 * @param parts together they are the whole
 */
export function shownParts<Part>(
  parts: readonly Part[],
  {
    devicesOf,
    isNamed = () => true,
    minDevices,
  }: {
    /** Counts the devices of some parts together. */
    readonly devicesOf: (parts: readonly Part[]) => number;
    /** By default each part has a name under which it can be shown. */
    readonly isNamed?: (part: Part) => boolean;
    readonly minDevices: number;
  },
): Part[] {
  const isLarge = (part: Part) => isNamed(part) && devicesOf([part]) >= minDevices;
  const shown = parts.filter(isLarge).sort((a, b) => devicesOf([b]) - devicesOf([a]));
  const hidden = parts.filter((part) => !isLarge(part));
  while (hidden.length > 0 && devicesOf(hidden) < minDevices) {
    const smallest = shown.pop();
    if (smallest === undefined) break;
    hidden.push(smallest);
  }
  return shown;
}
