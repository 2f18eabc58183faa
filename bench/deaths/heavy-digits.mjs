import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { startRepository } from '../../scripts/stack.mjs';

/** A comment of spaces, which nothing reads and every runtime keeps: memory that costs hardly a download. */
const HEAVY_BYTES = 60_000_000;

/** What stands in the model for its variants: only which of them needs less matters. */
const MEMORY_BYTES = { heavy: 800_000_000, int8: 100_000_000 };

/**
 * Publishes digits with a variant that takes a lot of memory, which the publisher prefers, and its usual one.
 *
 * @param {string} dir empty folder to work in
 */
export async function publishHeavyDigits(dir) {
  const { generateKeys, pack, publish } = await import('@nearside/publisher');
  const modelDirectory = `${dir}/source`;
  await cp(`${root}models/digits`, modelDirectory, { recursive: true });
  await mkdir(`${modelDirectory}/heavy`);
  const weights = await readFile(`${modelDirectory}/int8/model.onnx`);
  await writeFile(
    `${modelDirectory}/heavy/model.onnx`,
    Buffer.concat([weights, comment(HEAVY_BYTES)]),
  );
  await edit(`${modelDirectory}/model.json`, (spec) => {
    const usual = spec.variants.find(({ name }) => name === 'int8');
    const heavy = { ...usual, name: 'heavy', files: ['heavy/model.onnx'] };
    spec.variants = [heavy, usual].map((one) => ({ ...one, memoryBytes: MEMORY_BYTES[one.name] }));
    spec.limits.memoryBytes = MEMORY_BYTES.heavy;
  });
  await edit(`${modelDirectory}/golden.json`, (golden) => {
    const both = ({ int8 }) => ({ heavy: int8, int8 });
    for (const one of golden.cases) one.expected = both(one.expected);
    golden.tolerance = both(golden.tolerance);
  });
  const [packed, repository, keys] = [`${dir}/packed`, `${dir}/repository`, `${dir}/keys`];
  await pack({ modelDirectory, out: packed, onnxRuntime: 'common' });
  await generateKeys({ out: keys });
  const { pin: trust } = await publish({ packed, repository, keys });
  const { url, close } = await startRepository(repository, 0);
  return { address: { url: new URL('digits', url).href, trust }, close };
}

/** `doc_string` of ONNX's `ModelProto`, in the wire format of Protocol Buffers: its tag, its length, and itself. */
function comment(bytes) {
  const [tag, digits] = [0x32, [0, 7, 14, 21].map((bits) => (bytes >> bits) & 127)];
  const length = digits.map((digit, i) => (i < 3 ? digit | 128 : digit));
  return Buffer.concat([Buffer.of(tag, ...length), Buffer.alloc(bytes, ' ')]);
}

async function edit(file, change) {
  const content = JSON.parse(await readFile(file, 'utf8'));
  change(content);
  await writeFile(file, JSON.stringify(content));
}
