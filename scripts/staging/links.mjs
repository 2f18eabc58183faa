import { posix } from 'node:path';

/** A link outside of code; what looks like one in code is none. The text of a link may be code. */
const PARTS =
  /(^ *```[\s\S]*?^ *```|(?<!\[)`[^`\n]*`(?!\]))|\[((?:`[^`\n]*`|[^\][`])*)\]\(([^)\s]+)\)/gm;

/**
 * Markdown that can be read outside of the repository: a link to a file of it becomes one to the repository's site,
 * or, where it has no address, the text of the link. Links within the page and to other sites stay.
 *
 * @param {string} text
 * @param {{ directory: string, repository: string | null }} given the page's folder in the checkout, such as
 *   `packages/core`; the address of the repository's site
 */
export function withLinksOutside(text, { directory, repository }) {
  return text.replace(PARTS, (whole, code, words, target) => {
    if (code !== undefined || /^(?:[a-z]+:|#)/.test(target)) return whole;
    if (!repository) return words;
    const [path, hash] = target.split('#');
    const file = posix.join(directory, path);
    const kind = posix.extname(file) === '' && posix.basename(file) !== 'LICENSE' ? 'tree' : 'blob';
    return `[${words}](${repository}/${kind}/HEAD/${file}${hash === undefined ? '' : `#${hash}`})`;
  });
}
