import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { PACKAGES, repositoryOf } from '../publishing.mjs';
import { root } from '../root.mjs';
import { withLinksOutside } from './links.mjs';
import { stageManifest } from './manifest.mjs';
import { noticesFor } from './notices.mjs';

const REPOSITORY = 'https://git.example/near/side';
const page = { directory: 'packages/core', repository: REPOSITORY };

test('a link to a file of the repository leads to the repository’s site', () => {
  expect(withLinksOutside('See [`docs/keys.md`](../../docs/keys.md#roles).', page)).toBe(
    `See [\`docs/keys.md\`](${REPOSITORY}/blob/HEAD/docs/keys.md#roles).`,
  );
  expect(withLinksOutside('[The collector](../collector)', page)).toBe(
    `[The collector](${REPOSITORY}/tree/HEAD/packages/collector)`,
  );
});

test('links within the page, to other sites and in code stay as they are', () => {
  for (const text of ['[up](#top)', '[TUF](https://tuf.example/spec)', '`[a](b.md)`']) {
    expect(withLinksOutside(text, page)).toBe(text);
  }
  expect(withLinksOutside('```\n[a](b.md)\n```\n[a](b.md)', page)).toContain('```\n[a](b.md)\n```');
});

test('without an address of the repository a link becomes its text', () => {
  const nowhere = { directory: 'packages/core', repository: null };
  expect(withLinksOutside('[Two](b.md) and [`three`](../c.md).', nowhere)).toBe('Two and `three`.');
});

test('every package’s README says how to install it, and no link of it leads into the package', async () => {
  for (const name of PACKAGES) {
    const directory = `packages/${name}`;
    const readme = await readFile(`${root}${directory}/README.md`, 'utf8');
    expect(readme, name).toMatch(/^npm install(?: --save-dev)?(?: (?:@nearside\/)?\w+)+$/m);
    for (const repository of [REPOSITORY, null]) {
      const text = withLinksOutside(readme, { directory, repository });
      expect(text, name).not.toMatch(/\]\((?!https:|#)/);
    }
  }
});

test('the address is that of package.json, or the one that a workflow names while it has none', () => {
  const before = process.env.NEARSIDE_REPOSITORY;
  try {
    delete process.env.NEARSIDE_REPOSITORY;
    expect(repositoryOf({ repository: null })).toBeNull();
    process.env.NEARSIDE_REPOSITORY = REPOSITORY;
    expect(repositoryOf({ repository: null })).toBe(REPOSITORY);
    expect(repositoryOf({ repository: 'https://git.example/a/b' })).toBe('https://git.example/a/b');
    process.env.NEARSIDE_REPOSITORY = `${REPOSITORY}/`;
    expect(() => repositoryOf({ repository: null })).toThrow('without a slash at its end');
  } finally {
    if (before === undefined) delete process.env.NEARSIDE_REPOSITORY;
    else process.env.NEARSIDE_REPOSITORY = before;
  }
});

test('a CDN of npm packages that is asked for nearside alone answers with the file of the script tag', async () => {
  const manifest = JSON.parse(await readFile(`${root}packages/nearside/package.json`, 'utf8'));
  const { unpkg, jsdelivr } = stageManifest(manifest, {
    directory: 'packages/nearside',
    publishing: { repository: null },
  });
  expect([unpkg, jsdelivr]).toEqual(['./dist/nearside.global.js', './dist/nearside.global.js']);
});

const manifest = {
  name: 'nearside',
  version: '1.2.3',
  private: true,
  description: 'A library.',
  license: 'Apache-2.0',
  files: ['dist'],
  exports: {
    '.': {
      '@nearside/source': './src/index.ts',
      types: './dist/index.d.ts',
      default: './dist/x.js',
    },
  },
  imports: { '#a': { '@nearside/source': { node: './src/a.ts' }, node: './dist/a.js' } },
  scripts: { build: 'tsc' },
  dependencies: { comlink: '4.4.2' },
  devDependencies: { vite: '8.0.0' },
};

test('a published package.json leads to what is built, and to nothing that is left out', () => {
  const publishing = { repository: null, keywords: { nearside: ['wasm'] } };
  expect(stageManifest(manifest, { directory: 'packages/nearside', publishing })).toEqual({
    name: 'nearside',
    version: '1.2.3',
    description: 'A library.',
    keywords: ['wasm'],
    license: 'Apache-2.0',
    publishConfig: { access: 'public', provenance: true },
    main: './dist/x.js',
    types: './dist/index.d.ts',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/x.js' },
      './package.json': './package.json',
    },
    imports: { '#a': { node: './dist/a.js' } },
    dependencies: { comlink: '4.4.2' },
  });
});

test('the address of the repository gives the three fields that lead there', () => {
  const publishing = { repository: REPOSITORY };
  const staged = stageManifest(manifest, { directory: 'packages/nearside', publishing });
  expect(staged).toMatchObject({
    repository: { type: 'git', url: `git+${REPOSITORY}.git`, directory: 'packages/nearside' },
    homepage: `${REPOSITORY}#readme`,
    bugs: `${REPOSITORY}/issues`,
  });
});

test('a package that includes others’ software has their notices and licences, and another none', async () => {
  const notices = await noticesFor('nearside');
  for (const name of ['onnxruntime-web', 'TensorFlow.js', 'image-size', 'google/XNNPACK']) {
    expect(notices).toContain(name);
  }
  expect(await noticesFor('@nearside/collector')).toContain('Leon Sorokin');
  expect(await noticesFor('@nearside/publisher')).toContain('MNIST');
  expect(await noticesFor('@nearside/core')).toBeUndefined();
});

test.for(['.', 'packages', '..'])('nothing is staged over --out %s', (out) => {
  const command = [`${root}scripts/stage-packages.mjs`, '--out', out];
  const { status, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  expect(stderr).toContain('Expected --out as a folder of its own');
  expect(status).toBe(2);
});
