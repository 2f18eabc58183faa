import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { root } from '../scripts/root.mjs';
import { codeOf } from './quick-start.mjs';

/** Figures of what is in the repository, for which no app is made. */
export async function figuresOfRepository() {
  return { 'pwa-precache-bytes': await precachedBytes(), ...(await quickStart()) };
}

/** What the installable example's service worker precaches, bytes after gzip. */
async function precachedBytes() {
  const dist = `${root}examples/ocr-pwa/dist`;
  const worker = await readFile(`${dist}/sw.js`, 'utf8');
  const urls = [...worker.matchAll(/\{url:"([^"]+)",revision:/g)].map(([, url]) => url);
  const files = await Promise.all(urls.map((url) => readFile(`${dist}/${url}`)));
  return files.reduce((sum, file) => sum + gzipSync(file).byteLength, 0);
}

/** Commands from an empty folder to a printed result, and lines of code that the README's first file has. */
async function quickStart() {
  const [file = ''] = await codeOf('README.md');
  const [install = ''] = await codeOf('README.md', '');
  return {
    'quick-start-commands': linesIn(install) + 1, // `node digits.mjs`
    'quick-start-lines': linesIn(file),
  };
}

function linesIn(code) {
  const lines = code.split('\n').filter((line) => line.trim());
  if (lines.length < 2) throw new Error(`expected README's first steps, got '${code}'`);
  return lines.length;
}
