import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** Fails where a link of what was built leads to no page, or its anchor to no element. VitePress checks pages alone. */
export async function requireTargets(folder: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith('.html'),
  );
  const pages = new Map<string, string>();
  for (const name of names) {
    pages.set(name.replaceAll('\\', '/'), await readFile(join(folder, name), 'utf8'));
  }
  const idsOf = new Map([...pages].map(([name, html]) => [name, idsIn(html)]));
  const broken = [...pages].flatMap(([name, html]) =>
    linksIn(html).flatMap((link) => {
      const { pathname, hash } = new URL(link, `file:///${name}`);
      const target = posix
        .join(decodeURI(pathname), pathname.endsWith('/') ? 'index.html' : '')
        .slice(1);
      const ids = idsOf.get(target);
      if (!ids) return /\.(?:html)?$/.test(pathname) ? [`${name}: ${link} leads to no page`] : [];
      const id = decodeURIComponent(hash.slice(1));
      return id === '' || ids.has(id) ? [] : [`${name}: ${link} leads to no heading`];
    }),
  );
  if (broken.length > 0) throw new Error(`Broken links:\n${broken.join('\n')}`);
}

function linksIn(html: string): string[] {
  const links = [...html.matchAll(/<a [^>]*?href="([^"]*)"/g)].map(([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:|^\/\//.test(link));
}

function idsIn(html: string): Set<string> {
  return new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id));
}
