import { expect, test } from 'vitest';
import { csvOf } from '../../dashboard/table/csv.js';
import { markdownOf } from '../../dashboard/table/markdown.js';
import { figure, number, type Table, text } from '../../dashboard/table/table.js';
import { formatDuration, formatRate } from '../../dashboard/words/format.js';

const RATE = {
  value: 0.98765,
  low: 0.97,
  high: 0.99,
  n: 1234,
  devices: 300,
  method: 'cohort-ratio',
  estimated: false,
} as const;

function tableOf(...rows: Table['rows']): Table {
  return { columns: ['Name', 'Success'], rows, none: 'Nothing.' };
}

test('CSV has numbers whole, and the interval of a figure in columns of its own', () => {
  const csv = csvOf(tableOf([text('1.0.0'), figure(RATE, formatRate)]));
  expect(csv).toBe(
    'Name,Success,Success low,Success high,Success n\r\n1.0.0,0.98765,0.97,0.99,1234\r\n',
  );
});

test('what has a comma, a quote or a line end stands in quotes', () => {
  const csv = csvOf(tableOf([text('a, "b"\nc'), number(1, String)]));
  expect(csv).toBe('Name,Success\r\n"a, ""b""\nc",1\r\n');
});

test.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  ' =1+1',
  '\u00a0=1+1',
  '\u3000\uff1d1+1',
  '\uff0b1',
  '\uff0d1',
  '\uff201',
])('a name that a device sent is no formula in a spreadsheet: %j', (name) => {
  expect(csvOf(tableOf([text(name), number(-1, String)]))).toContain(`\n'${name},-1`);
});

test.each([
  ['\tx', `"'\tx"`],
  ['\t=1', `"'\t'=1"`],
  ['a;=1+1', `"a;'=1+1"`],
  ['a\t=1+1', `"a\t'=1+1"`],
  ['a; \uff1d1', `"a;' \uff1d1"`],
  ['a;"=1+1"', `"a;'""=1+1"""`],
  ['"=1+1', `"'""=1+1"`],
  ['a\n=1+1', `"a\n'=1+1"`],
  ['a;b', '"a;b"'],
])('a name with a separator begins no formula in a cell of its own: %j', (name, field) => {
  expect(csvOf(tableOf([text(name), number(1, String)]))).toBe(`Name,Success\r\n${field},1\r\n`);
});

test('a number that is not known is empty in CSV, and a dash on the page', () => {
  const cell = figure({ ...RATE, value: null, low: null, high: null, n: 0 }, formatRate);
  expect(cell.text).toBe('–');
  expect(csvOf(tableOf([text('1.0.0'), cell]))).toBe('Name,Success\r\n1.0.0,\r\n');
});

test('a figure tells its sample and interval, and is thin when it is made of little', () => {
  expect(figure(RATE, formatRate)).toMatchObject({
    text: '98.8%',
    detail: '97.0% to 99.00%, of 1,234 on 300 devices',
  });
  expect(figure(RATE, formatRate)).not.toHaveProperty('isThin');
  expect(figure({ ...RATE, n: 99 }, formatRate)).toHaveProperty('isThin', true);
  expect(figure({ ...RATE, devices: 19 }, formatRate)).toHaveProperty('isThin', true);
  expect(figure({ ...RATE, estimated: true }, formatRate)).toHaveProperty('aside', 'estimated');
});

test('Markdown keeps names that would be markup as they are', () => {
  const table = tableOf([text('a|b*c<d'), number(0.5, formatRate)]);
  expect(markdownOf(table)).toBe('| Name | Success |\n| --- | ---: |\n| a\\|b\\*c\\<d | 50.0% |\n');
});

test('a table without rows is a sentence', () => {
  expect(markdownOf(tableOf())).toBe('Nothing.\n');
});

test('a name that would be a link or an image in Markdown is neither', () => {
  const table = tableOf([text('![](https://evil.example/p.png)'), text('[x](javascript:1)')]);
  expect(markdownOf(table)).toContain(
    '| \\!\\[\\]\\(https://evil.example/p.png\\) | \\[x\\]\\(javascript:1\\) |',
  );
});

test('CSV says units, and has what stands beside names in a column of its own', () => {
  const rows = [[text('confidence', { aside: '1.0.0' }), number(12.5, formatDuration)]];
  const csv = csvOf({ columns: ['Name', 'P95'], rows, none: '', asideName: 'Version' });
  expect(csv).toBe('Name,Version,P95 (ms)\r\nconfidence,1.0.0,12.5\r\n');
});
