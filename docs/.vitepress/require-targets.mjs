import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

/**
 * Fails where a link, script, style or picture of what was built leads to no file, or an anchor to no element. VitePress
 * checks links between pages alone.
 *
 * @param {string} folder
 * @param {string} [base] the path at which the folder is served
 */
export async function requireTargets(folder, base = '/') {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const names = files.map((file) => posix.relative(folder, join(file.parentPath, file.name)));
  const idsOf = new Map(names.map((name) => [name, new Set()]));
  const pages = new Map();
  for (const name of names.filter((name) => /\.(?:html|css)$/.test(name))) {
    const text = await readFile(join(folder, name), 'utf8');
    pages.set(name, text);
    idsOf.set(name, idsIn(text));
  }
  const broken = [...pages].flatMap(([name, text]) =>
    targetsIn(text).flatMap((target) => {
      const { pathname, hash } = new URL(target, `file://${base}${name}`);
      const file = fileAt(decodeURI(pathname), base);
      const ids = file === undefined ? undefined : idsOf.get(file);
      if (!ids) return [`${name}: ${target} leads to no file`];
      const id = decodeURIComponent(hash.slice(1));
      const isAnchor = id !== '' && file.endsWith('.html');
      return !isAnchor || ids.has(id) ? [] : [`${name}: ${target} leads to no heading`];
    }),
  );
  if (broken.length > 0) throw new Error(`Broken links:\n${broken.join('\n')}`);
}

/** @returns {string | undefined} undefined where the path leads out of the site */
function fileAt(pathname, base) {
  if (!pathname.startsWith(base)) return undefined;
  return posix.join(pathname.slice(base.length), pathname.endsWith('/') ? 'index.html' : '');
}

/** Those to other sites left out. */
function targetsIn(text) {
  const attributes = /<[a-z][^>]*? (?:href|src|srcset)="([^"]*)"/g;
  const inStyles = /url\(["']?([^)"']+)["']?\)/g;
  const found = [...text.matchAll(attributes), ...text.matchAll(inStyles)];
  return found.map(([, target]) => target).filter((target) => !/^[a-z]+:|^\/\//.test(target));
}

function idsIn(html) {
  return new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
}
