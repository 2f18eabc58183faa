import fc from 'fast-check';
import { expect, test } from 'vitest';
import { searchHalves } from './search-halves.js';

const named = (count: number) => Array.from({ length: count }, (_, i) => `tensor ${i}`);

test('the shortest beginning that passes is found with log₂ n gates, and one more where it may be all', async () => {
  const counts = fc
    .nat(200)
    .chain((count) => fc.nat(count + 1).map((needed) => ({ count, needed })));
  const property = fc.asyncProperty(counts, async ({ count, needed }) => {
    let gates = 0;
    const found = await searchHalves(named(count), async ({ size }) => {
      gates += 1;
      return size >= needed;
    });
    const shortest = Math.max(needed, Math.min(count, 1)); // none is known to fail
    expect(found).toEqual(needed > count ? undefined : named(count).slice(0, shortest));
    expect(gates).toBeLessThanOrEqual(Math.ceil(Math.log2(Math.max(count, 1))) + 1);
    if (shortest < count) expect(gates).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
  });
  await fc.assert(property);
});

test('where more half floats may do worse, it has passed with those that are found', async () => {
  const property = fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (passes) => {
    const gate = async ({ size }: ReadonlySet<string>) => passes[size - 1] ?? false;
    const found = await searchHalves(named(passes.length), gate);
    if (found) expect(await gate(new Set(found))).toBe(true);
    else expect(passes.at(-1) ?? false).toBe(false);
  });
  await fc.assert(property);
});
