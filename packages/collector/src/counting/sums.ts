/** Numbers by name or place, nested to any depth, that add up. They are plain data, so they can be stored as JSON. */
export interface Sums {
  [name: string]: number | Sums | undefined;
}

/** Adds `more` into `sums`, number by number. */
export function addSums(sums: Sums, more: Sums): void {
  for (const name of Object.keys(more)) {
    const value = more[name];
    if (value === undefined) continue;
    // a name of `Object.prototype` is not one of the sums
    const own = Object.hasOwn(sums, name) ? sums[name] : undefined;
    if (typeof value === 'number') {
      sums[name] = (typeof own === 'number' ? own : 0) + value;
    } else if (typeof own === 'object') {
      addSums(own, value);
    } else {
      sums[name] = copyOf(value);
    }
  }
}

function copyOf(sums: Sums): Sums {
  const copy = (Array.isArray(sums) ? [] : {}) as Sums;
  addSums(copy, sums);
  return copy;
}
