import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { weighVariant } from '../evaluating/judging/variant-files.js';
import { DIGITS } from '../testing/hugging-face-folder.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { writeDigits } from '../testing/write-digits.js';
import { evaluate } from './evaluate.js';
import { pack } from './pack.js';

test('a file that replaces one while it is judged has no part in the evaluation, and none in what is packed of it', async () => {
  const directory = await temporaryDirectory();
  const [model, folder] = [join(directory, 'digits'), join(directory, 'items')];
  await cp(DIGITS, model, { recursive: true });
  await writeDigits(folder, 1000);
  const before = await weighVariant(model, 'int8');
  const file = join(model, 'int8/model.onnx');
  const other = Buffer.concat([await readFile(file), Buffer.from([0x32, 0])]); // an empty doc_string
  const swaps: Promise<void>[] = [];
  const { variants } = await evaluate({
    directory: model,
    folder,
    corruptions: false,
    onProgress({ variant }) {
      if (variant === 'int8' && swaps.length === 0) swaps.push(writeFile(file, other));
    },
  });
  await Promise.all(swaps);
  expect(variants.int8).toMatchObject({ sha256: before.sha256, sizeBytes: before.sizeBytes });
  const { notes } = await pack({ modelDirectory: model, out: join(directory, 'packed') });
  expect(notes.join()).toContain("the files of variant 'int8', or what model.json says of it");
});
