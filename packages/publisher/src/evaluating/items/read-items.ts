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
  const items = new Map<string, EvaluationItem>(); // by what the model is given
  for (const one of given) {
    const { name, expected, slice } = one;
    const content = await readContent(folder, one, kind);
    const sha256 = digestOfContent(content, name);
    const decode = (content: unknown) =>
      namingItem(name, () => decodeInput(content, { name, kind, spec }));
    const fed = sha256Hex(canonicalJson(await decode(content), name));
    const parsed = expected === undefined ? undefined : parseExpected(expected, name);
    const same = items.get(fed);
    if (same) throw itemInvalid(name, 'another input than of each other item', `'${same.name}'`);
    const readInput = async () => {
      const again = await readContent(folder, one, kind);
      if (digestOfContent(again, name) === sha256) return decode(again);
      throw itemInvalid(name, 'what lay there when the items were read', 'something else');
    };
    const item = { name, readInput, sha256, expected: parsed };
    items.set(fed, slice === undefined ? item : { ...item, slice });
  }
  return [...items.values()];
}

function digestOfContent(content: unknown, item: string): string {
  return sha256Hex(content instanceof Uint8Array ? content : canonicalJson(content, item));
}

/** The same for records whose features stand in another order, and for numbers that are the same as Float32. */
function canonicalJson(value: unknown, item: string): string {
  try {
    return JSON.stringify(value, (_, part) => {
      if (ArrayBuffer.isView(part)) return digestOfNumbers(part);
      if (typeof part === 'bigint') return `${part}`;
      if (typeof part === 'number' && !Number.isInteger(part)) return Math.fround(part);
      const isRecord = typeof part === 'object' && part !== null && !Array.isArray(part);
      return isRecord ? Object.fromEntries(Object.entries(part).sort()) : part;
    });
  } catch {
    throw itemInvalid(item, 'an input', 'arrays nested more deeply than can be read');
  }
}

function digestOfNumbers(numbers: ArrayBufferView): string {
  const signless = numbers instanceof Float32Array ? numbers.map((value) => value + 0) : numbers; // -0 is 0
  return sha256Hex(new Uint8Array(signless.buffer, signless.byteOffset, signless.byteLength));
}
