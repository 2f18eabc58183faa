import type { ModelSpec } from '@nearside/core';
import { sha256Hex } from '../../files/digests.js';
import { comparingOf } from '../comparing/comparing-of.js';
import { itemInvalid, namingItem } from '../item-error.js';
import type { EvaluationItem } from './evaluation-item.js';
import { inputKindOf } from './input-kind.js';
import { listItems } from './list-items.js';
import { decodeInput, readContent } from './read-input.js';

/**
 * Reads the items of a folder: `<label>/<file>`, files without labels, or `labels.jsonl` with `input`, `expected` and
 * `slice` in each line. Each input is decoded once, to see that it can be.
 *
 * @throws NearsideError naming the item: `input-invalid` for an answer that the task cannot have, or fewer than two
 *   items, or an input that is there twice; `decode-failed`; `file-missing`; `name-unsafe` for a path or link that leaves the folder;
 *   `metadata-malformed` and `metadata-too-large` for the list
 */
export async function readItems(folder: string, spec: ModelSpec): Promise<EvaluationItem[]> {
  const given = await listItems(folder);
  const { parseExpected } = comparingOf(spec);
  const kind = inputKindOf(spec.task, spec);
  const items = new Map<string, EvaluationItem>();
  for (const one of given) {
    const { name, expected, slice } = one;
    const content = await readContent(folder, one, kind);
    const sha256 = sha256Hex(
      content instanceof Uint8Array ? content : canonicalJson(content, name),
    );
    const decode = (content: unknown) =>
      namingItem(name, () => decodeInput(content, { name, kind, spec }));
    await decode(content);
    const parsed = expected === undefined ? undefined : parseExpected(expected, name);
    const same = items.get(sha256);
    if (same) throw itemInvalid(name, 'another input than of each other item', `'${same.name}'`);
    const readInput = async () => decode(await readContent(folder, one, kind));
    const item = { name, readInput, sha256, expected: parsed };
    items.set(sha256, slice === undefined ? item : { ...item, slice });
  }
  return [...items.values()];
}

/** The same for records whose features stand in another order. */
function canonicalJson(value: unknown, item: string): string {
  try {
    return JSON.stringify(value, (_, part) => {
      const isRecord = typeof part === 'object' && part !== null && !Array.isArray(part);
      return isRecord ? Object.fromEntries(Object.entries(part).sort()) : part;
    });
  } catch {
    throw itemInvalid(item, 'an input', 'arrays nested more deeply than can be read');
  }
}
