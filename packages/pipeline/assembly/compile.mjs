// Compiles the kernels: `node packages/pipeline/assembly/compile.mjs` after a change. A test holds what is committed to
// what this makes.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const SOURCE = fileURLToPath(new URL('convolve-bytes.ts', import.meta.url));

export const COMPILED = new URL('../src/image/convolve-bytes-wasm.ts', import.meta.url);

/** @returns {Promise<string>} the module that holds what AssemblyScript makes of the source */
export async function compile() {
  let wasm = new Uint8Array();
  const flags = '-O3 --shrinkLevel 1 --enable simd --runtime stub --noAssert --initialMemory 1';
  const { error, stderr } = await asc.main([SOURCE, '--outFile', 'out.wasm', ...flags.split(' ')], {
    writeFile(_, contents) {
      wasm = contents;
    },
  });
  if (error) throw new Error(stderr.toString(), { cause: error });
  return `/** \`assembly/convolve-bytes.ts\`, compiled by \`assembly/compile.mjs\`: WebAssembly in base64. */
export const CONVOLVE_BYTES_WASM =
  '${Buffer.from(wasm).toString('base64')}';
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(COMPILED, await compile());
