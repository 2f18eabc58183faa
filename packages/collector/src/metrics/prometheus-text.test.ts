import { expect, test } from 'vitest';
import { prometheusText } from './prometheus-text.js';

test('a family is written as help, type and samples', () => {
  const text = prometheusText([
    {
      name: 'a_total',
      help: 'How many.',
      type: 'counter',
      samples: [
        { labels: {}, value: 1 },
        { labels: { x: '1', y: '2' }, value: 1.5 },
      ],
    },
  ]);
  expect(text).toBe(
    '# HELP a_total How many.\n# TYPE a_total counter\na_total 1\na_total{x="1",y="2"} 1.5\n',
  );
});

test('backslashes, quotes and line ends in labels are escaped', () => {
  const samples = [{ labels: { x: 'a\\b"c\nd' }, value: Number.POSITIVE_INFINITY }];
  const text = prometheusText([{ name: 'g', help: 'a\nb', type: 'gauge', samples }]);
  expect(text).toContain('# HELP g a\\nb\n');
  expect(text).toContain('g{x="a\\\\b\\"c\\nd"} +Inf\n');
});
