import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { ERROR_CODES } from '@nearside/core';
import { PUBLISHER_ERROR_CODES } from '@nearside/publisher';
import { expect, test } from 'vitest';
import { anchorOf } from '../docs/.vitepress/anchor-of.js';
import { FILES, isPage, LEFT_OUT, placeOf } from '../docs/.vitepress/pages.mjs';
import { requireTargets } from '../docs/.vitepress/require-targets.mjs';
import { root } from './root.mjs';

test('every Markdown file has a place on the site, but for those that it leaves out', async () => {
  const leftOut = LEFT_OUT.map(
    (glob) => new RegExp(`^${glob.replace('/**', '/').replace('*', '[^/]+')}`),
  );
  const found = (await markdownIn('')).filter((file) => !leftOut.some((glob) => glob.test(file)));
  expect(found.filter((file) => !isPage(file))).toEqual([]);
  expect(found).toEqual(expect.arrayContaining([...FILES]));
  expect(new Set(FILES.map(placeOf)).size).toBe(FILES.length);
});

/** As the site looks for them: below the root, but in no folder with a dot and in no dependency. */
async function markdownIn(folder: string): Promise<string[]> {
  const entries = await readdir(`${root}${folder}`, { withFileTypes: true });
  const files = entries.map(async (entry) => {
    const path = `${folder}${entry.name}`;
    if (!entry.isDirectory()) return path.endsWith('.md') ? [path] : [];
    return /^\.|^node_modules$/.test(entry.name) ? [] : markdownIn(`${path}/`);
  });
  return (await Promise.all(files)).flat();
}

test('on the site as on a code host the anchor of an error is its code', async () => {
  const headings = headingsOf(await read('docs/errors.md'));
  const codes = [...ERROR_CODES, ...PUBLISHER_ERROR_CODES];
  expect(headings.map(anchorOf)).toEqual(expect.arrayContaining(codes));
});

test('a site has no base that leads to another host', () => {
  const asked = ['--base', '//other.example/'];
  const { status, stderr } = spawnSync('node', [`${root}scripts/build-site.mjs`, ...asked]);
  expect({ status, said: `${stderr}` }).toEqual({
    status: 2,
    said: expect.stringContaining("got '//other.example/'"),
  });
});

test('a site is refused in which a link, script, style or picture leads to nothing, or out of its base', async () => {
  const dir = await mkdtemp(`${tmpdir()}/nearside-site-`);
  const check = async (html: string) => {
    await writeFile(`${dir}/guide/index.html`, html);
    return requireTargets(dir, '/nearside/');
  };
  await mkdir(`${dir}/guide`);
  await writeFile(`${dir}/style.css`, 'a { background: url(icon.svg) }');
  await writeFile(`${dir}/icon.svg`, '<svg/>');
  const whole =
    '<link href="../style.css"><img src="/nearside/icon.svg"><h1 id="top"><a href="#top">';
  await expect(check(`${whole}<a href="https://site.example/x">`)).resolves.toBeUndefined();
  for (const broken of [
    '<a href="/nearside/missing.html">',
    '<script type="module" src="app.js"></script>',
    '<a href="/icon.svg">',
    '<a href="#below">',
  ]) {
    await expect(check(whole + broken), broken).rejects.toThrow('guide/index.html: ');
  }
  await writeFile(`${dir}/style.css`, 'a { background: url("missing.svg") }');
  await expect(check(whole)).rejects.toThrow('style.css: missing.svg leads to no file');
  await rm(dir, { recursive: true });
});

test.each(['docs/trust.md', 'docs/privacy.md'])('%s names tests that exist', async (page) => {
  const named = [...(await read(page)).matchAll(/\["([^"]+)"\]\(\.\.\/([^)]+)\)/g)];
  expect(named.length).toBeGreaterThan(5);
  for (const [, title = '', file = ''] of named) expect(await read(file), file).toContain(title);
});

test('docs/trust.md has a section for every threat of its table, which names a test', async () => {
  const text = await read('docs/trust.md');
  const threats = [...text.matchAll(/^\| \[(\w+)\]\(#\w+\)/gm)].map(([, threat = '']) => threat);
  expect(threats).toEqual([
    'Tampering',
    'Rollback',
    'Freeze',
    'Extraction',
    'Inversion',
    'Evasion',
    'Poisoning',
  ]);
  const sections = new Map(text.split(/^## /m).map((part) => [part.split('\n', 1)[0], part]));
  for (const threat of threats) expect(sections.get(threat), threat).toMatch(/^- \["/m);
});

test('docs/faq.md answers what is asked first, under headings that a search finds by those words', async () => {
  const headings = headingsOf(await read('docs/faq.md'));
  expect(headings).toEqual(
    expect.arrayContaining([
      'Which file do I cache?',
      'Why is my first visit slow?',
      'How do I run my own PyTorch model?',
      'How do I show progress, and cancel?',
      'How do I pass a tensor?',
      'What is sent?',
      'What if WebGPU is wrong?',
    ]),
  );
});

function read(file: string): Promise<string> {
  return readFile(`${root}${file}`, 'utf8');
}

function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#{2,6} +(.+)$/gm)].map(([, heading = '']) => heading);
}
