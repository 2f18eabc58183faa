import { sha256Hex } from '../files/digests.js';
import type { Corruption } from './corruptions.js';
import { namingItem } from './item-error.js';
import type { EvaluationItem } from './read-items.js';

/** Items that are asked corrupted, of each corruption: enough to see what falls apart. */
const MOST_CORRUPTED = 50;

/** In an order that no label or name decides: what is known when it stops is known of all kinds. */
export function inAskingOrder(items: readonly EvaluationItem[]): EvaluationItem[] {
  const keyed = items.map((item) => ({ item, key: sha256Hex(item.name) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item);
}

/** The first items, corrupted in the same way for every variant. They are in no slice. */
export function corruptItems(
  items: readonly EvaluationItem[],
  corruption: Corruption,
): EvaluationItem[] {
  return items.slice(0, MOST_CORRUPTED).map(({ slice: _, ...item }, i) => {
    const name = `${item.name} with ${corruption.name}`;
    const readInput = async () => {
      const input = await item.readInput();
      return namingItem(name, () => corruption.apply(input, i + 1));
    };
    return { ...item, name, readInput };
  });
}
