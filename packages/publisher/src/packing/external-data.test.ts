import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { draft } from '../library/draft.js';
import { fillGolden } from '../library/fill-golden.js';
import { externalTensor, onnxBytes } from '../testing/onnx-bytes.js';
import { temporaryDirectory } from '../testing/workspace.js';
import { readPlaces } from './external-data.js';
import { parseOnnxFile } from './onnx-file.js';
import { bytesField } from './protobuf-fields.js';

/** The places in a model whose tensor `w` of four floats lies in another file. */
function placesOf(...entries: readonly (readonly [string, string])[]) {
  const model = onnxBytes(bytesField(5, externalTensor(entries)));
  return readPlaces('onnx/model.onnx', parseOnnxFile(model).tensors);
}

describe('the place of a tensor in another file', () => {
  test.each(['w.bin', './w.bin', 'sub/w.bin', './sub/w.bin'])('is found at %s', (location) => {
    const [place] = placesOf(['location', location], ['offset', '8'], ['length', '16']);
    const file = `onnx/${location.replace('./', '')}`;
    expect(place).toEqual({ name: 'w', file, offset: 8, sizeBytes: 16 });
  });

  test('is as long as the shape says, and begins at 0, where nothing says otherwise', () => {
    expect(placesOf(['location', 'w.bin'])).toMatchObject([{ offset: 0, sizeBytes: 16 }]);
  });

  test.each<[string, string, string]>([
    ['/etc/passwd', 'name-unsafe', 'weights beside it'],
    ['C:\\w.bin', 'name-unsafe', 'weights beside it'],
    ['../w.bin', 'name-unsafe', 'weights beside it'],
    ['sub/../../w.bin', 'name-unsafe', 'weights beside it'],
    ['sub/../w.bin', 'model-invalid', "the location 'w.bin'"],
    ['sub//w.bin', 'model-invalid', "the location 'sub/w.bin'"],
    ['././w.bin', 'model-invalid', "the location 'w.bin'"],
    ['sub\\w.bin', 'model-invalid', 'its name of letters'],
    ['w%20x.bin', 'model-invalid', 'its name of letters'],
    ['sub/', 'model-invalid', 'its name of letters'],
    ['wé.bin', 'model-invalid', 'its name of letters'],
  ])(
    'is refused at %s, which a browser would not find (%s), and how to save it is said',
    (location, code, expected) => {
      const message = new RegExp(
        `^onnx/model\\.onnx, tensor 'w': expected .*${expected}.*got the location '.*onnx\\.save`,
      );
      const refused = expect(() => placesOf(['location', location]));
      refused.toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
      refused.toThrow(expect.objectContaining({ message: expect.stringContaining(location) }));
    },
  );

  test.each<[string, readonly (readonly [string, string])[], string]>([
    ['without a file', [['offset', '4']], 'got no location'],
    ['in two files', [...['a.bin', 'b.bin']].map((file) => ['location', file]), 'got 2 locations'],
    ['at no number', [...place(['offset', 'abc'])], "got the offset 'abc'"],
    ['of no length', [...place(['length', ''])], "got the length ''"],
    ['of fewer bytes than its shape', [...place(['length', '12'])], 'expected 16 bytes in w.bin'],
    ['of more bytes than its shape', [...place(['length', '32'])], 'got a length of 32'],
  ])('is refused %s', (_, entries, message) => {
    expect(() => placesOf(...entries)).toThrow(
      expect.objectContaining({
        code: 'model-invalid',
        message: expect.stringContaining(message),
        details: expect.objectContaining({ file: 'onnx/model.onnx', tensor: 'w' }),
      }),
    );
  });

  const outside = externalTensor(place(['offset', '0']));
  test.each([
    ['a branch', modelWith('If', bytesField(6, bytesField(5, outside)))],
    ['a function', functionWith('Constant', bytesField(5, outside))],
    ['a branch of a function', functionWith('If', bytesField(6, bytesField(5, outside)))],
  ])('is refused in %s, whose weights a browser finds in no other file', (_, model) => {
    const reading = () => readPlaces('model.onnx', parseOnnxFile(model).tensors);
    expect(reading).toThrow(
      "tensor 'w': expected the weights of a branch, loop or function inside the model",
    );
  });
});

/** The content of a NodeProto. */
function nodeWith(operator: string, attribute: Uint8Array): Uint8Array {
  const named = Buffer.concat([bytesField(1, 'value'), attribute]);
  return Buffer.concat([bytesField(4, operator), bytesField(5, named)]);
}

function modelWith(operator: string, attribute: Uint8Array): Uint8Array {
  return onnxBytes(bytesField(1, nodeWith(operator, attribute)));
}

function functionWith(operator: string, attribute: Uint8Array): Uint8Array {
  return Buffer.concat([onnxBytes(), bytesField(25, bytesField(7, nodeWith(operator, attribute)))]);
}

test('weights that were cut are refused before golden cases are answered', async () => {
  const directory = await temporaryDirectory();
  await writeFile(
    join(directory, 'model.onnx'),
    onnxBytes(bytesField(5, externalTensor(place(['length', '16'])))),
  );
  await writeFile(join(directory, 'w.bin'), new Uint8Array(15));
  const out = join(directory, 'draft');
  await draft({ source: join(directory, 'model.onnx'), out, name: 'cut' });
  await expect(fillGolden({ directory: out })).rejects.toMatchObject({
    code: 'model-invalid',
    message: expect.stringContaining('inside the 15 bytes of onnx/w.bin, got bytes 0 to 16'),
    details: { file: 'onnx/w.bin', tensor: 'w' },
  });
});

function place(more: readonly [string, string]): readonly (readonly [string, string])[] {
  return [['location', 'w.bin'], more];
}
