/** Numbers by name or place, nested to any depth, that add up. They are plain data, so they can be stored as JSON. */
export interface Sums {
  [name: string]: number | Sums | undefined;
}

/** Adds `more` into `sums`, number by number. */
export function addSums(sums: Sums, more: Sums): void {
  if (Array.isArray(more)) {
    addList(sums as unknown as List, more);
    return;
  }
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

type List = (number | Sums)[];

/** Lists are bins of distributions: most of what a report adds, and quicker to add up by place than by name. */
function addList(sums: List, more: List): void {
  for (let i = 0; i < more.length; i += 1) {
    const value = more[i] as number | Sums;
    const own = sums[i];
    if (typeof value === 'number') sums[i] = (typeof own === 'number' ? own : 0) + value;
    else if (typeof own === 'object') addSums(own, value);
    else sums[i] = copyOf(value);
  }
}

function copyOf(sums: Sums): Sums {
  const copy = (Array.isArray(sums) ? [] : {}) as Sums;
  addSums(copy, sums);
  return copy;
}
