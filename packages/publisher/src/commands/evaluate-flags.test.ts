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

test('variants are asked through the whole library; one that few items cannot decide is refused with --strict', async () => {
  const directory = await temporaryDirectory();
  const [model, items] = [join(directory, 'digits'), join(directory, 'items')];
  const out = join(directory, 'packed');
  await cp(DIGITS, model, { recursive: true });
  await writeDigits(items, 1000);
  const card = await readFile(join(model, 'MODEL.md'), 'utf8');
  const words = ['pack', model, '--evaluate', items, '--out', out, '--strict', '--json'];
  const refused = await runNearside(words);
  expect(refused.exitCode).toBe(4);
  expect(JSON.parse(refused.out).error).toMatchObject({
    code: 'gate-refused',
    details: { variant: 'int8', loss: 0, maxLoss: 0.02 },
  });
  expect(refused.errors).toMatch(/^10 items are too few .* 189/);
  expect(refused.errors).toMatch(/\nint8 +24,716 +100.0 % of 10 .* undecided\n/);
  expect(await listFiles(out)).toBeUndefined();
  const evaluation = JSON.parse(await readFile(join(model, 'evaluation.json'), 'utf8'));
  expect(evaluation).toMatchObject({
    original: 'fp32',
    originalMeasures: { items: 10, right: 10, confusion: { 7: { 7: 1 } } },
    variants: { int8: { verdict: 'undecided', lost: 0, differing: 0, sizeBytes: 24716 } },
    notEvaluated: { uint8: expect.stringContaining('TensorFlow.js') },
  });
  const { int8 } = evaluation.variants;
  expect(int8.itemsToDecide).toBeGreaterThanOrEqual(189);
  expect(Object.keys(int8.corruptions)).toEqual(['noise', 'blur', 'crop', 'jpeg', 'dark']);
  const written = await readFile(join(model, 'MODEL.md'), 'utf8');
  expect(written.startsWith(card)).toBe(true);
  expect(written).toContain('\n| int8 | 24,716 | 100.0 % of 10 | 0.0 % (-27.8 to 27.8) |');
  expect(written).toMatch(/`int8` is undecided: some \d+ items would decide/);
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
