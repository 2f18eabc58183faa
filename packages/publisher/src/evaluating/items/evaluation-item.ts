import { sha256Hex } from '../../files/digests.js';

/** One input of a folder, with what is right for it. */
export interface EvaluationItem {
  /** Its path in the folder, or `labels.jsonl, line 3`. */
  readonly name: string;
  /** Decodes what `model.run` takes, anew at each call: the photos of a folder together fit into no memory. */
  readInput(): Promise<unknown>;
  /** SHA-256 of its input as it lies in the folder: another one is not read. */
  readonly sha256: string;
  /** As `comparingOf` has it. Without it the original's own answer is the right one. */
  readonly expected?: unknown;
  /** Items that are judged by themselves, too. */
  readonly slice?: string;
}

/** In an order that no label or name decides: what is known when it stops is known of all kinds. */
export function inAskingOrder(items: readonly EvaluationItem[]): EvaluationItem[] {
  const keyed = items.map((item) => ({ item, key: sha256Hex(item.name) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ item }) => item);
}

/** One digest of all items: of their inputs, and of what is expected of them. */
export function itemsDigest(items: readonly EvaluationItem[]): string {
  const lines = items.map(({ name, sha256, expected, slice }) =>
    JSON.stringify([name, sha256, expected, slice]),
  );
  return sha256Hex(lines.sort().join('\n'));
}
