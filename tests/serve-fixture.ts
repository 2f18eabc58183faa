import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/root.mjs';

// biome-ignore lint/suspicious/noExplicitAny: model.json and golden.json are edited as the JSON they are
type Json = Record<string, any>;

export interface FixtureChanges {
  /** Changes the spec before it is packed. */
  readonly edit?: (spec: Json) => void;
  /** Files that are not in the fixture, by name: where they are. */
  readonly files?: Readonly<Record<string, string>>;
  /** As of `pack`; all fixtures run in the common file. */
  readonly onnxRuntime?: 'common' | 'full';
  /** Folder of the model directories, in the repository. */
  readonly among?: 'tests/fixtures' | 'models';
}

/** Signs, publishes and serves a model directory, of `tests/fixtures` by default, and later versions of it. */
export async function serveFixture(name: string, changes: FixtureChanges = {}) {
  const { generateKeys, pack, publish, serveRepository } = await import(
    '../packages/publisher/dist/index.js'
  );
  const dir = await mkdtemp(join(tmpdir(), 'nearside-fixture-'));
  const keys = join(dir, 'keys');
  const repository = join(dir, 'repository');
  await generateKeys({ out: keys });

  async function release(version: string, sequence: number): Promise<string> {
    const modelDirectory = join(dir, `source-${version}`);
    const { among = 'tests/fixtures' } = changes;
    await cp(`${root}${among}/${name}`, modelDirectory, { recursive: true });
    for (const [file, from] of Object.entries(changes.files ?? {})) {
      await cp(from, join(modelDirectory, file));
    }
    const spec = JSON.parse(await readFile(join(modelDirectory, 'model.json'), 'utf8'));
    Object.assign(spec, { version, sequence });
    changes.edit?.(spec);
    await writeFile(join(modelDirectory, 'model.json'), JSON.stringify(spec));
    const packed = join(dir, `packed-${version}`);
    const { onnxRuntime = 'common' } = changes;
    await pack({ modelDirectory, out: packed, onnxRuntime });
    return (await publish({ packed, repository, keys })).pin;
  }

  const trust = await release('1.0.0', 1);
  const server = await serveRepository({ dir: repository, port: 0 });
  return {
    address: { url: `http://localhost:${server.port}/${name}`, trust },
    release,
    async close() {
      await server.close();
      await rm(dir, { recursive: true });
    },
  };
}
