import type { ByName } from '../counting/counts.js';

/** Adds up counts by name, the most frequent first. */
export function byFrequency(
  counts: readonly (Readonly<ByName> | undefined)[],
): Record<string, number> {
  const byName = new Map<string, number>();
  for (const ofOne of counts) {
    for (const [name, n] of Object.entries(ofOne ?? {})) {
      byName.set(name, (byName.get(name) ?? 0) + n);
    }
  }
  return Object.fromEntries([...byName].sort(([, a], [, b]) => b - a));
}

/** Groups items by a key. Keys are in the order in which they first come. */
export function grouped<Item, Key>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    groups.set(keyOf(item), group);
    group.push(item);
  }
  return groups;
}
