// The docs for language models, in the form of llmstxt.org: an index of the pages, and their text in one file.
// `node scripts/llms-texts.mjs <folder>` writes both for the site.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GROUPS, placeOf } from '../docs/.vitepress/pages.mjs';
import { readPublishing } from './publishing.mjs';
import { root } from './root.mjs';
import { withLinksOutside } from './staging/links.mjs';

/** What is about the code is left out. */
export const GUIDE = GROUPS.filter(({ collapsed }) => !collapsed);

const FULL = 'llms-full.txt';

/**
 * @param {string} folder
 * @param {(file: string) => string} [addressOf] where a page is read, from that folder; by default in the full text
 */
export async function writeLlmsTexts(folder, addressOf = () => FULL) {
  const { description } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const head = `# Nearside\n\n> ${description}\n\n`;
  await writeFile(join(folder, 'llms.txt'), head + indexOf(addressOf));
  await writeFile(join(folder, FULL), head + (await textOf(await readPublishing())));
}

function indexOf(addressOf) {
  const sections = GUIDE.map(({ title, pages }) => {
    const links = pages.map(({ file, title }) => `- [${title}](${addressOf(file)}): ${file}`);
    return `## ${title}\n\n${links.join('\n')}\n`;
  });
  return [`[${FULL}](${FULL}) has the text of all pages.\n`, ...sections].join('\n');
}

async function textOf({ repository }) {
  const texts = GUIDE.flatMap(({ pages }) => pages).map(async ({ file }) => {
    const text = await readFile(root + file, 'utf8');
    return `File: ${file}\n\n${withLinksOutside(text, { directory: dirname(file), repository })}`;
  });
  return (await Promise.all(texts)).join('\n---\n\n');
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  await writeLlmsTexts(process.argv[2], (file) => placeOf(file).replace(/md$/, 'html'));
}
