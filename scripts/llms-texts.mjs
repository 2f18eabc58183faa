// The docs for language models: in the form of llmstxt.org an index of the pages, and their text in one file; in that of
// agentskills.io a skill with the lines that are often got wrong. `node scripts/llms-texts.mjs <folder>` writes them for the site.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { GROUPS, placeOf } from '../docs/.vitepress/pages.mjs';
import { readPublishing } from './publishing.mjs';
import { root } from './root.mjs';
import { withLinksOutside } from './staging/links.mjs';

/** What is about the code is left out. */
export const GUIDE = GROUPS.filter(({ isAboutCode }) => !isAboutCode);

const FULL = 'llms-full.txt';

/** A skill lies in a folder of its name. */
export const SKILL = {
  file: 'skills/nearside/SKILL.md',
  name: 'nearside',
  description:
    'Opens machine-learning models in a browser or in Node with the npm package nearside, and runs them on the device. Use when ' +
    'writing, reviewing or debugging code that imports nearside, or when the user wants a model file sealed, served or opened.',
  page: 'docs/mistakes.md',
};

/**
 * @param {string} folder
 * @param {(file: string) => string} [addressOf] where a page is read, from that folder; by default in the full text
 */
export async function writeLlmsTexts(folder, addressOf = () => FULL) {
  const { description } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));
  const head = `# Nearside\n\n> ${description}\n\n`;
  await writeFile(join(folder, 'llms.txt'), head + indexOf(addressOf));
  const publishing = await readPublishing();
  await writeFile(join(folder, FULL), head + (await textOf(publishing)));
  await mkdir(dirname(join(folder, SKILL.file)), { recursive: true });
  await writeFile(join(folder, SKILL.file), await skillOf(publishing));
}

async function skillOf(publishing) {
  const { name, description, page } = SKILL;
  const up = relative(dirname(SKILL.file), FULL);
  const front = `---\nname: ${name}\ndescription: ${description}\n---\n\n`;
  return `${front}${await readPage(page, publishing)}\n[${FULL}](${up}) has the text of all pages.\n`;
}

function indexOf(addressOf) {
  const sections = GUIDE.map(({ title, pages }) => {
    const links = pages.map(({ file, title }) => `- [${title}](${addressOf(file)}): ${file}`);
    return `## ${title}\n\n${links.join('\n')}\n`;
  });
  const beside = `[${FULL}](${FULL}) has the text of all pages, [SKILL.md](${SKILL.file}) what is often got wrong.\n`;
  return [beside, ...sections].join('\n');
}

async function textOf(publishing) {
  const texts = GUIDE.flatMap(({ pages }) => pages).map(
    async ({ file }) => `File: ${file}\n\n${await readPage(file, publishing)}`,
  );
  return (await Promise.all(texts)).join('\n---\n\n');
}

async function readPage(file, { repository }) {
  const text = await readFile(root + file, 'utf8');
  return withLinksOutside(text, { directory: dirname(file), repository });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  await writeLlmsTexts(process.argv[2], (file) => placeOf(file).replace(/md$/, 'html'));
}
