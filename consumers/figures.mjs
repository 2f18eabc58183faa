import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { root } from '../scripts/root.mjs';

/** Figures of what is in the repository, for which no app is made. */
export async function figuresOfRepository() {
  const readme = await readFile(`${root}README.md`, 'utf8');
  return { 'pwa-precache-bytes': await precachedBytes(), ...quickStartOf(readme) };
}

/** What the installable example's service worker precaches, bytes after gzip. */
async function precachedBytes() {
  const dist = `${root}examples/ocr-pwa/dist`;
  const worker = await readFile(`${dist}/sw.js`, 'utf8');
  const urls = [...worker.matchAll(/\{url:"([^"]+)",revision:/g)].map(([, url]) => url);
  const files = await Promise.all(urls.map((url) => readFile(`${dist}/${url}`)));
  return files.reduce((sum, file) => sum + gzipSync(file).byteLength, 0);
}

/** Commands from an empty folder to a printed result, and lines of code that its one file has. */
function quickStartOf(readme) {
  const section = readme.split('## Start in an empty folder')[1] ?? '';
  const [, commands = ''] = section.match(/```\n([^`]*)```/) ?? [];
  const [, file = ''] = section.match(/```js\n([^`]*)```/) ?? [];
  const [last = ''] = section.match(/`node \S+\.mjs`/) ?? [];
  return {
    'quick-start-commands': commands.trim().split('\n').length + (last ? 1 : 0),
    'quick-start-lines': file.trim().split('\n').length,
  };
}
