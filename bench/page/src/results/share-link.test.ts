import { expect, test } from 'vitest';
import { exampleResult } from './example-result.ts';
import { fromFragment, toFragment } from './share-link.ts';

test('a result comes out of a link as it went in', async () => {
  const result = exampleResult();
  const fragment = await toFragment(result);
  expect(await fromFragment(fragment)).toEqual(result);
  expect(fragment).toMatch(/^#result=[\w-]+$/);
  expect(fragment.length).toBeLessThan(2_000);
});

test('an address with another fragment, or none, has no result', async () => {
  expect(await fromFragment('')).toBeUndefined();
  expect(await fromFragment('#rows')).toBeUndefined();
});

test('a link that was cut off, changed or made up is broken', async () => {
  const fragment = await toFragment(exampleResult());
  const broken = [
    fragment.slice(0, -40),
    `${fragment.slice(0, 60)}A${fragment.slice(60)}`,
    '#result=%%%',
    '#result=',
  ];
  for (const each of broken)
    await expect(fromFragment(each)).rejects.toMatchObject({ code: 'link-broken' });
});

test('a link of something else is no result', async () => {
  const foreign = await toFragment({ hello: 'there' } as never);
  await expect(fromFragment(foreign)).rejects.toMatchObject({ code: 'result-invalid' });
});

test('a small link that unpacks to very much is given up', async () => {
  const much = await toFragment({ text: ' '.repeat(5_000_000) } as never);
  expect(much.length).toBeLessThan(20_000);
  await expect(fromFragment(much)).rejects.toMatchObject({ code: 'link-broken' });
});
