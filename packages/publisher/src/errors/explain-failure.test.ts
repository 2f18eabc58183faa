import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../testing/workspace.js';
import { explainFailure } from './explain-failure.js';

test('a wrong option of a library function is wrong usage, in the words of the command', () => {
  const error = new RangeError('rotateRoot: expected `removeKeys` to be ids, beside `threshold`.');
  expect(explainFailure(error)).toEqual({
    code: 'usage',
    message: 'Expected `--remove-key` to be ids, beside `--threshold`.',
  });
});

test('an error of the program itself is none of how it was called', () => {
  const error = new TypeError("Cannot read properties of undefined (reading 'count')");
  expect(explainFailure(error)).toEqual({ code: 'failed', message: error.message });
});

test('a system error says its code once, and which file it is about', async () => {
  const file = join(await temporaryDirectory(), 'absent');
  const error = await readFile(file).catch((reason) => reason);
  expect(explainFailure(error)).toEqual({
    code: 'ENOENT',
    message: `no such file or directory, open '${file}'`,
  });
});

test('a message is one line, whatever it quotes', () => {
  const error = new NearsideError('model-invalid', "Expected a name, got 'a\nnearside: done'.");
  expect(explainFailure(error).message).toBe("Expected a name, got 'a nearside: done'.");
});
