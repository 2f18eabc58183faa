import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openTemporary } from '../files/temporary.js';
import { generateKeys } from './generate-keys.js';
import { pack } from './pack.js';
import { publish } from './publish.js';
import { seal } from './seal.js';

/** A packed copy of `models/digits`, put there by the build. */
const MODEL = fileURLToPath(new URL('../../example/digits', import.meta.url));

export interface ExampleRepository extends AsyncDisposable {
  /** Directory of the repository. It is removed with its keys when this is disposed. */
  readonly repository: string;
}

/**
 * Seals a model of handwritten digits, and publishes it under temporary keys, in a temporary directory: at one address
 * devices open it by either.
 */
export async function publishExample(): Promise<ExampleRepository> {
  const temporary = await openTemporary('try');
  const dir = temporary.directory;
  const repository = join(dir, 'repository');
  try {
    const keys = join(dir, 'keys');
    const packed = join(dir, 'packed');
    await generateKeys({ out: keys });
    await pack({ modelDirectory: MODEL, out: packed, onnxRuntime: 'common' });
    await publish({ packed, repository, keys });
    await seal({ modelDirectory: MODEL, out: join(repository, 'digits'), onnxRuntime: 'common' });
  } catch (error) {
    await temporary[Symbol.asyncDispose]();
    throw error;
  }
  return { repository, [Symbol.asyncDispose]: temporary[Symbol.asyncDispose] };
}
