import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles } from '../files/list-files.js';
import { makeDirectory } from '../files/make-directory.js';
import { fixture } from '../testing/fixtures.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { runNearside } from '../testing/run-nearside.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { writeDigits } from '../testing/write-digits.js';

test('a variant that few items cannot decide is packed with a warning, and refused with --strict', async () => {
  const directory = await temporaryDirectory();
  const [model, items, out] = ['digits', 'items', 'packed'].map((name) => join(directory, name));
  await cp(DIGITS, model as string, { recursive: true });
  await writeDigits(items as string, 1000);
  const words = ['pack', model, '--evaluate', items, '--out', out, '--json'] as string[];
  const strict = await runNearside([...words, '--strict']);
  expect(strict.exitCode).toBe(4);
  expect(JSON.parse(strict.out).error).toMatchObject({
    code: 'gate-refused',
    details: { variant: 'int8', loss: 0, maxLoss: 0.02 },
  });
  expect(strict.errors).toMatch(/^10 items are too few/);
  expect(strict.errors).toMatch(/\nint8 +24,716 +100.0 % of \d+ .* undecided\n/);
  expect(await listFiles(out as string)).toBeUndefined();
  const report = await readFile(join(model as string, 'evaluation.json'), 'utf8');
  const packed = await runNearside(words);
  expect(packed.exitCode).toBe(0);
  expect(packed.errors).toContain("Variant 'int8' is undecided");
  expect(JSON.parse(packed.out).evaluation).toEqual(JSON.parse(report));
  expect(await readFile(join(model as string, 'evaluation.json'), 'utf8')).toBe(report);
  expect(await listFiles(out as string)).not.toContain('evaluation.json');
  expect(await readFile(join(out as string, 'MODEL.md'), 'utf8')).toContain('`int8` is undecided');
});

describe('nothing is written', () => {
  test.each(['pack', 'seal'])('by %s for a folder that cannot be asked', async (command) => {
    const directory = await temporaryDirectory();
    const [items, out] = [join(directory, 'items'), join(directory, 'line')];
    await makeDirectory(items);
    await writeFile(
      join(items, 'labels.jsonl'),
      '{"input": [[1, 2]], "expected": "cat"}\n'.repeat(2),
    );
    const words = [command, fixture('affine.onnx'), '--out', out, '--evaluate', items];
    const { exitCode, errors } = await runNearside(words);
    expect(exitCode).toBe(1);
    expect(errors).toContain('input-invalid: labels.jsonl, line 1');
    expect(await listFiles(directory)).toEqual(['items/labels.jsonl']);
  });

  test.each([
    ['--strict', []],
    ['--max-loss', ['0.01']],
    ['--max-loss', ['2', '--evaluate', 'items']],
  ])('where %s %s is a wrong call', async (flag, more) => {
    const words = ['pack', DIGITS, '--out', 'packed', flag, ...more];
    const { exitCode, errors } = await runNearside(words);
    expect(exitCode).toBe(2);
    expect(errors).toContain(flag);
  });
});
