import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../root.mjs';

/**
 * What is due of THIRD-PARTY-NOTICES in a package: the paragraphs of these beginnings, and the texts of licences that
 * have to go with every copy. That of Apache-2.0 is in the package's LICENSE already.
 */
const DUE = {
  nearside: {
    paragraphs: ['Included in the files of the `nearside` package'],
    texts: [
      'node_modules/valibot/LICENSE.md',
      'node_modules/image-size/LICENSE',
      'licences/runtimes.txt',
    ],
  },
  '@nearside/collector': {
    paragraphs: ['Included in the dashboard of `@nearside/collector`'],
    texts: ['node_modules/uplot/LICENSE'],
  },
  '@nearside/publisher': { paragraphs: ['Training data of models/digits'], texts: [] },
};

/**
 * @param {string} name of a package
 * @returns {Promise<string | undefined>} undefined where nothing is due
 */
export async function noticesFor(name) {
  const due = DUE[name];
  if (!due) return undefined;
  const page = await readFile(join(root, 'THIRD-PARTY-NOTICES'), 'utf8');
  const paragraphs = due.paragraphs.map((beginning) => paragraphOf(page, beginning));
  const texts = due.texts.map(async (file) => {
    const heading = file.replace(/^node_modules\/(.+)\/.*$/, '$1');
    return `_____\n\n${heading}\n\n${(await readFile(join(root, file), 'utf8')).trim()}`;
  });
  return `${[...paragraphs, ...(await Promise.all(texts))].join('\n\n')}\n`;
}

/** From its beginning to the next line that is not indented; a heading has a blank line below it. */
function paragraphOf(page, beginning) {
  const start = page.indexOf(beginning);
  if (start < 0) throw new Error(`THIRD-PARTY-NOTICES: expected '${beginning}', got none.`);
  const [heading = '', list = ''] = page.slice(start).split('\n\n');
  return heading.endsWith(':') ? `${heading}\n\n${list}` : heading;
}
