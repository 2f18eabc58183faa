import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/root.mjs';
import { madeOnce } from './made-once.js';

// biome-ignore lint/suspicious/noExplicitAny: model.json is edited as the JSON it is
type Spec = Record<string, any>;

export interface DigitsRelease {
  readonly version: string;
  readonly sequence: number;
  /** Changes the spec before it is written. */
  readonly edit?: (spec: Spec) => void;
  /** Changes files of the model directory. */
  readonly change?: (directory: string) => Promise<void>;
  /** As of `pack`. What is changed may need more than the common file of ONNX Runtime: by default it gets the full one. */
  readonly onnxRuntime?: 'common' | 'full';
}

/** What every repository of digits begins with. */
export const FIRST_DIGITS: DigitsRelease = { version: '1.0.0', sequence: 1 };

/** Packs a version of digits into `<dir>/packed-<version>`. */
export async function packDigits(
  dir: string,
  { version, sequence, edit, change, onnxRuntime = change ? 'full' : 'common' }: DigitsRelease,
): Promise<void> {
  const { pack } = await import('../packages/publisher/dist/index.js');
  const source = join(dir, `source-${version}`);
  await cp(`${root}models/digits`, source, { recursive: true });
  const spec: Spec = JSON.parse(await readFile(join(source, 'model.json'), 'utf8'));
  Object.assign(spec, { version, sequence });
  edit?.(spec);
  await writeFile(join(source, 'model.json'), JSON.stringify(spec));
  await change?.(source);
  await pack({ modelDirectory: source, out: join(dir, `packed-${version}`), onnxRuntime });
}

/**
 * A served repository with versions of the digits model, made by the publisher. Each has keys of its own: a
 * device keeps what it knows of a model under its pin, and two repositories with one would be one to it.
 */
export async function serveDigits() {
  const { generateKeys, publish, revoke, rotateRoot, serveRepository } = await import(
    '../packages/publisher/dist/index.js'
  );
  const dir = await mkdtemp(join(tmpdir(), 'nearside-digits-'));
  const keys = join(dir, 'keys');
  const repository = join(dir, 'repository');
  await generateKeys({ out: keys });
  let server: Awaited<ReturnType<typeof serveRepository>> | undefined;
  let pin = '';
  let port = 0;

  async function publishPacked(version: string, shadowPercent?: number): Promise<void> {
    const packed = join(dir, `packed-${version}`);
    ({ pin } = await publish({ packed, repository, keys, shadowPercent }));
  }

  async function release(release: DigitsRelease, shadowPercent?: number): Promise<void> {
    await packDigits(dir, release);
    await publishPacked(release.version, shadowPercent);
  }

  async function start(): Promise<void> {
    server = await serveRepository({ dir: repository, port });
    port = server.port;
  }

  const first = `packed-${FIRST_DIGITS.version}`;
  await cp(madeOnce(first), join(dir, first), { recursive: true });
  await publishPacked(FIRST_DIGITS.version);
  await start();
  return {
    get address() {
      return { url: `http://localhost:${port}/digits`, trust: pin };
    },
    repository,
    /** @param shadowPercent to be run beside, by this share of devices; without it all are offered it */
    release,
    revoke: (version: string) =>
      revoke({ model: 'digits', version, repository, keys, force: true }),
    /** Writes the next root, which names another key for the timestamp. */
    async rotateTimestampKey(): Promise<void> {
      const newKeys = join(dir, 'new-keys');
      await generateKeys({ out: newKeys });
      await rotateRoot({ repository, keys, newKeys, replace: ['timestamp'] });
    },
    /** Hashes of the chunks of one file of a version. */
    async chunksOf(version: string, file: string): Promise<string[]> {
      const layout = await readFile(join(dir, `packed-${version}`, 'layout.json'), 'utf8');
      return JSON.parse(layout).files[file].map(([sha256]: [string]) => sha256);
    },
    start,
    async stop() {
      await server?.close();
      server = undefined;
    },
    async close() {
      await server?.close();
      await rm(dir, { recursive: true });
    },
  };
}
