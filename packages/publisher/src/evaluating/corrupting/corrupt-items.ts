import { namingItem } from '../item-error.js';
import type { EvaluationItem } from '../items/evaluation-item.js';
import type { Corruption } from './corruptions.js';

/** Items that are asked corrupted, of each corruption: enough to see what falls apart. */
const MOST_CORRUPTED = 50;

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
