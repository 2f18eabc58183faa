/** Order of precedence, Semantic Versioning 2.0.0 §11: negative when `a` comes before `b`. */
export function compareVersions(a: string, b: string): number {
  // a name that is no version comes before all versions
  const order = Number(/^\d/.test(a)) - Number(/^\d/.test(b));
  if (order !== 0) return order;
  const [coreA, tagsA] = split(a);
  const [coreB, tagsB] = split(b);
  return (
    compareParts(coreA, coreB) ||
    // a version without pre-release tags is the release itself, which is later
    Number(tagsA.length === 0) - Number(tagsB.length === 0) ||
    compareParts(tagsA, tagsB)
  );
}

function split(version: string): [core: string[], tags: string[]] {
  const dash = version.indexOf('-');
  if (dash === -1) return [version.split('.'), []];
  return [version.slice(0, dash).split('.'), version.slice(dash + 1).split('.')];
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const order = comparePart(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const numericA = /^\d+$/.test(a);
  const numericB = /^\d+$/.test(b);
  if (numericA && numericB) return Number(a) - Number(b);
  if (numericA !== numericB) return numericA ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
