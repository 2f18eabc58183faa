import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DefaultTheme, defineConfig } from 'vitepress';
import manifest from '../../package.json' with { type: 'json' };
import { repositoryOf } from '../../scripts/publishing.mjs';
import { anchorOf } from './anchor-of.js';
import { FILES, GROUPS, HOME, isPage, LEFT_OUT, placeOf, REFERENCE } from './pages.mjs';
import { repositoryLinks } from './repository-links.js';
import { requireTargets } from './require-targets.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where the sources are shown; null until they are published. */
const repository = repositoryOf(manifest.publishing);

/** Where `npm run site` puts the whole site, the benchmark page too; undefined for the docs alone. */
const siteBase = process.env.NEARSIDE_SITE_BASE;
const base = siteBase ?? '/';

/**
 * `npm run docs:build` writes docs/.vitepress/dist, and before it docs/reference; `npm run docs:dev` serves the pages as they are edited. The pages are
 * the Markdown files of the repository, where they lie: a code host shows the same ones.
 */
export default defineConfig({
  lang: 'en',
  base,
  title: 'Nearside',
  description: manifest.description,
  srcDir: root,
  srcExclude: [...LEFT_OUT],
  rewrites: {
    ...Object.fromEntries(FILES.map((file) => [file, placeOf(file)])),
    [`${REFERENCE}:path*`]: 'reference/:path*',
  },
  head: [
    ['link', { rel: 'icon', href: `${base}icon.svg`, type: 'image/svg+xml' }],
    ['meta', { name: 'theme-color', content: '#ffffff', media: '(prefers-color-scheme: light)' }],
    ['meta', { name: 'theme-color', content: '#0e1114', media: '(prefers-color-scheme: dark)' }],
  ],
  markdown: {
    // queries of runbooks are plain text
    languages: [{ name: 'promql', scopeName: 'source.promql', patterns: [], repository: {} }],
    // the default themes have comments and keywords below 4.5:1 on the ground of code
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: anchorOf },
    config: (md) =>
      repositoryLinks(md, {
        root,
        codeHost: repository === null ? undefined : `${repository}/blob/main/`,
      }),
  },
  vite: { publicDir: `${root}docs/.vitepress/public` },
  transformPageData: (page) => {
    if (!isPage(page.filePath)) throw new Error(`pages.ts has no place for ${page.filePath}.`);
    if (WIDE.includes(page.filePath)) page.frontmatter = { aside: false, pageClass: 'is-wide' };
    if (page.filePath !== HOME) return;
    page.frontmatter = HOME_LAYOUT;
    page.title = 'Nearside';
    page.titleTemplate = ':title';
  },
  buildEnd: ({ outDir }) => (siteBase === undefined ? requireTargets(outDir) : undefined),
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        detailedView: true,
        // what is spoken is what is read
        translations: { button: { buttonText: 'Search', buttonAriaLabel: 'Search' } },
        _render: (text, env, md) => (isSearched(env.relativePath) ? md.render(text, env) : ''),
      },
    },
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Guide', link: '/guide/tools', activeMatch: '/guide/' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/api' },
      ...(siteBase === undefined
        ? []
        : [{ text: 'Benchmarks', link: '/benchmark/', target: '_self' }]),
    ],
    sidebar: GROUPS.filter(({ isByLink }) => !isByLink).map(
      ({ title, pages }): DefaultTheme.SidebarItem => {
        const items = pages.map((page) => ({
          text: page.title,
          link: `/${placeOf(page.file).replace(/(?:\bindex)?\.md$/, '')}`,
        }));
        if (title === 'Reference') items.splice(1, 0, ...reference());
        // groups that fold would be buttons within buttons, which keeps some readers out
        return { text: title, items };
      },
    ),
    outline: [2, 3],
    externalLinkIcon: true,
    ...(repository === null ? {} : { socialLinks: [{ icon: 'github', link: repository }] }),
  },
});

/** These say again what other pages say first. */
function isSearched(file: string): boolean {
  return file !== HOME && file !== 'CHANGELOG.md' && !file.startsWith(REFERENCE);
}

/** The page that lists the reference, where that has been written. */
function reference(): { text: string; link: string }[] {
  const isWritten = existsSync(`${root}${REFERENCE}index.md`);
  return isWritten ? [{ text: 'Types, from docstrings', link: '/reference/' }] : [];
}

/** For a table of many columns. */
const WIDE = ['docs/comparison.md'];

/** What the home page has above its text. It is here, because a code host would show it as a table. */
const HOME_LAYOUT = {
  layout: 'home',
  hero: {
    name: 'Nearside',
    text: 'Models on the user’s own device',
    tagline:
      'Opened with one line and one hash, without keys, and run in a worker on a backend that has shown there that it computes the right numbers.',
    actions: [
      { theme: 'brand', text: 'Quick start', link: '/quick-start' },
      { theme: 'alt', text: 'Questions', link: '/faq' },
      { theme: 'alt', text: 'Try, ship, operate', link: '/guide/try-ship-operate' },
    ],
  },
  features: [
    {
      title: 'Nothing unverified runs',
      details: 'Every byte hashes to what your page’s hash vouches for, at every load.',
      link: '/trust',
    },
    {
      title: 'Right numbers, or none',
      details: 'A backend first reproduces the model’s golden outputs on this device. WebGPU too.',
      link: '/guide/backends',
    },
    {
      title: 'Nothing is sent unasked',
      details: 'Reports are counts and histograms, go where you say, and never hold an input.',
      link: '/privacy',
    },
  ],
};
