import { existsSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { isPage, placeOf } from './pages.mjs';

type Token = ReturnType<MarkdownRenderer['parse']>[number];

export interface RepositoryLinks {
  /** Folder of the repository, with a slash at its end. */
  readonly root: string;
  /** Where a code host shows its files, such as `https://host.example/owner/name/blob/main/`; undefined while there is none. */
  readonly codeHost: string | undefined;
}

/**
 * Pages link to files as a code host shows them: relative to their own. A link to a page leads to its place on the site.
 * One to another file leads to the code host, and is no link while there is none: its path stands beside it then.
 * One to nothing fails the build.
 */
export function repositoryLinks(md: MarkdownRenderer, { root, codeHost }: RepositoryLinks): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const page = posix.relative(root, env.realPath ?? env.path);
    for (const { children } of tokens) {
      if (children) rewrite(children, page);
    }
  });

  function rewrite(tokens: Token[], page: string): void {
    for (const [i, token] of tokens.entries()) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (href === null || href.startsWith('#') || /^[a-z]+:/.test(href)) continue;
      const [path = '', hash = ''] = href.split(/(?=#)/);
      const target = posix.join(posix.dirname(page), decodeURI(path)).replace(/\/$/, '');
      if (!existsSync(root + target)) throw new Error(`${page}: ${href} leads to no file.`);
      const file = [target, `${target}/README.md`].find(isPage);
      if (file !== undefined) token.attrSet('href', `/${placeOf(file)}${hash}`);
      else if (codeHost !== undefined) token.attrSet('href', `${codeHost}${target}${hash}`);
      else unlink(tokens, i, target);
    }
  }

  /** Makes a link text, followed by the path unless it says that itself. */
  function unlink(tokens: Token[], at: number, target: string): void {
    const end = tokens.findIndex(({ type }, i) => i > at && type === 'link_close');
    const [open, close] = [tokens[at], tokens[end]];
    if (!open || !close) return;
    const text = tokens
      .slice(at + 1, end)
      .map(({ content }) => content)
      .join('');
    open.type = 'html_inline';
    open.content = '<span class="in-repository">';
    close.type = 'html_inline';
    const folder = statSync(root + target).isDirectory() ? '/' : '';
    const path = `<code v-pre>${md.utils.escapeHtml(target + folder)}</code>`;
    close.content = target.endsWith(text) ? '</span>' : ` ${path}</span>`;
  }
}
