import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { fixture } from '../testing/fixtures.js';
import { PYTHON, PYTHON_NOTE } from '../testing/python.js';
import { runNearside } from '../testing/run-nearside.js';
import { snapshotOf } from '../testing/snapshot.js';
import { temporaryDirectory } from '../testing/workspace.js';

const nearside = (...words: readonly string[]) => runNearside(words);

// Each has runtimes answer golden cases in several processes, which takes seconds.
test('a file of weights is sealed to the same bytes in another folder, time zone and without Python', async () => {
  const directory = await temporaryDirectory();
  const words = ['seal', fixture('affine.onnx'), '--json', '--out'];
  const sealed = await nearside(...words, join(directory, 'line'));
  const elsewhere = await withPythonAndTimeZone(directory, () =>
    nearside(...words, join(directory, 'again/line')),
  );
  expect(sealed.errors + elsewhere.errors).toBe('');
  expect(JSON.parse(elsewhere.out).integrity).toBe(JSON.parse(sealed.out).integrity);
  const folders = [join(directory, 'line'), join(directory, 'again/line')];
  const [first, second] = await Promise.all(folders.map(snapshotOf));
  expect(second).toEqual(first);
});

test.skipIf(!PYTHON)(
  `what Python answered is packed the same every time${PYTHON_NOTE}`,
  async () => {
    const out = join(await temporaryDirectory(), 'packed');
    const identity = ['--name', 'line', '--version', '1.2.0', '--sequence', '3'];
    const words = ['pack', fixture('affine.onnx'), '--out', out, ...identity];
    const first = await nearside(...words, '--python', PYTHON as string);
    expect(first.exitCode, first.errors).toBe(0);
    const layout = await readFile(join(out, 'layout.json'), 'utf8');
    const again = await nearside(...words, '--python', 'no-such-python', '--json');
    expect(JSON.parse(again.out)).toMatchObject({ model: 'line', draft: `${out}.draft` });
    const draft = await nearside('pack', `${out}.draft`, '--out', out);
    expect(draft.exitCode).toBe(0);
    expect(await readFile(join(out, 'layout.json'), 'utf8')).toBe(layout);
  },
);

/** Runs where it is another hour, and where each Python says that it was called. */
async function withPythonAndTimeZone<Result>(directory: string, run: () => Promise<Result>) {
  const called = join(directory, 'called');
  for (const name of ['python3', 'python']) {
    await mkdir(join(directory, 'bin'), { recursive: true });
    await writeFile(join(directory, 'bin', name), `#!/bin/sh\ntouch ${called}\n`, { mode: 0o755 });
  }
  vi.stubEnv('PATH', `${join(directory, 'bin')}${delimiter}${process.env.PATH}`);
  vi.stubEnv('TZ', 'Pacific/Kiritimati');
  try {
    return await run();
  } finally {
    vi.unstubAllEnvs();
    expect(existsSync(called)).toBe(false);
  }
}
