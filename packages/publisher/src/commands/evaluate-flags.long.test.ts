import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { runNearside } from '../testing/run-nearside.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { writeDigits } from '../testing/write-digits.js';

test('a variant that few items cannot decide is packed with a warning, and evaluated again to the same bytes', async () => {
  const directory = await temporaryDirectory();
  const [model, items] = [join(directory, 'digits'), join(directory, 'items')];
  const out = join(directory, 'packed');
  await cp(DIGITS, model, { recursive: true });
  await writeDigits(items, 1000);
  const words = ['pack', model, '--evaluate', items, '--out', out, '--json'];
  const first = await runNearside(words);
  expect(first.exitCode).toBe(0);
  expect(first.errors).toContain("Variant 'int8' is undecided");
  const report = await readFile(join(model, 'evaluation.json'), 'utf8');
  expect(JSON.parse(first.out).evaluation).toEqual(JSON.parse(report));
  expect(await listFiles(out)).not.toContain('evaluation.json');
  const card = await readFile(join(out, 'MODEL.md'), 'utf8');
  expect(card).toContain('`int8` is undecided');
  await runNearside(words);
  expect(await readFile(join(model, 'evaluation.json'), 'utf8')).toBe(report);
  expect(await readFile(join(model, 'MODEL.md'), 'utf8')).toBe(card);
});
