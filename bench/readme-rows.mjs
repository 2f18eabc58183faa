import { readFile } from 'node:fs/promises';

/** Names in code spans, one after the other, that a colon ends: what follows explains them. */
const EXPLAINED = /(?:`[^`]+`,?\s*)+(?=:)/g;

/** Rows have words with hyphens between them, and after a comma of what they are. */
const ROW = /`([a-z0-9]+(?:-[a-z0-9]+)+(?:, [^`]+)?)`/g;

/**
 * The rows that README.md explains in the list under the heading of a suite.
 *
 * @param {string} suite
 * @returns {Promise<string[]>}
 */
export async function rowsOfReadme(suite) {
  const text = await readFile(new URL('README.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split(`\n## \`${suite}\`\n`);
  const [own] = section.split(/^## /m);
  const items = own.split(/^- /m).slice(1);
  return items.flatMap((item) =>
    (item.match(EXPLAINED) ?? []).flatMap((names) =>
      [...names.matchAll(ROW)].map(([, row]) => row),
    ),
  );
}

/**
 * @param {string[]} explained by README.md: `local-false` explains `local-false, 2 ×` too
 * @param {string[]} printed by a suite
 */
export function compareRows(explained, printed) {
  const isOf = (name) => (row) => row === name || row.startsWith(`${name}, `);
  return {
    unprinted: explained.filter((name) => !printed.some(isOf(name))),
    unexplained: printed.filter((row) => !explained.some((name) => isOf(name)(row))),
  };
}
