import { readdirSync } from 'node:fs';

/**
 * The pages of the site by their files in the repository, in the order of the sidebar.
 *
 * @typedef {object} Page
 * @property {string} file from the root of the repository
 * @property {string} title in the sidebar
 *
 * @typedef {object} Group
 * @property {string} title
 * @property {boolean} [isAboutCode] it is about the code, and not about its use
 * @property {boolean} [isByLink] other pages lead to these, and the sidebar does not
 * @property {readonly Page[]} pages
 */

export const HOME = 'docs/README.md';

const RUNBOOKS = 'docs/operating/runbooks/';

/** @type {readonly Group[]} */
export const GROUPS = [
  {
    title: 'Start',
    pages: [
      { file: 'docs/quick-start.md', title: 'Quick start' },
      { file: 'docs/faq.md', title: 'Questions' },
      { file: 'docs/mistakes.md', title: 'Often got wrong' },
      { file: 'docs/comparison.md', title: 'Other libraries' },
    ],
  },
  {
    title: 'In a page',
    pages: [
      { file: 'docs/guide/try-ship-operate.md', title: 'Try, ship, operate' },
      { file: 'docs/guide/tools.md', title: 'Tools' },
      { file: 'docs/frameworks.md', title: 'React, Vue, Svelte' },
      { file: 'docs/transformers.md', title: 'transformers.js' },
      { file: 'docs/guide/script-tag.md', title: 'Script tag' },
      { file: 'docs/guide/node.md', title: 'Node' },
      { file: 'examples/edge-server/README.md', title: 'A server' },
      { file: 'docs/guide/headers.md', title: 'Headers and policies' },
      { file: 'docs/guide/backends.md', title: 'Choice of backend' },
      { file: 'docs/guide/calls.md', title: 'Many calls' },
      { file: 'docs/guide/engines.md', title: 'Several models' },
      { file: 'docs/guide/streams.md', title: 'Streams' },
      { file: 'docs/search.md', title: 'Search' },
      { file: 'docs/guide/tasks.md', title: 'Tasks of your own' },
      { file: 'docs/guide/offline.md', title: 'Offline' },
      { file: 'examples/ocr-pwa/README.md', title: 'An installable app' },
      { file: 'docs/guide/updates.md', title: 'Updates' },
      { file: 'docs/guide/can-run.md', title: 'Will it run here?' },
      { file: 'docs/guide/devtools.md', title: 'The performance panel' },
    ],
  },
  {
    title: 'Publish',
    pages: [
      { file: 'docs/guide/publishing.md', title: 'Publish a model' },
      { file: 'docs/packing.md', title: 'Packing' },
      { file: 'docs/model-json.md', title: 'model.json' },
      { file: 'models/README.md', title: 'Models to begin with' },
      { file: 'docs/parity.md', title: 'The same numbers everywhere' },
      { file: 'docs/keys.md', title: 'Keys' },
      { file: 'packages/publisher/README.md', title: 'Command line' },
      { file: 'docs/repository-layout.md', title: 'Repository layout' },
    ],
  },
  {
    title: 'Operate',
    pages: [
      { file: 'docs/operating/README.md', title: 'Operating' },
      { file: 'docs/operating/before-production.md', title: 'Before production' },
      { file: 'docs/operating/releases.md', title: 'Host and release' },
      { file: 'docs/operating/running.md', title: 'Run a collector' },
      { file: 'docs/operating/alerts.md', title: 'Alerts' },
      { file: 'docs/operating/targets.md', title: 'Choose targets' },
      { file: 'docs/operating/rounds.md', title: 'Rounds' },
      { file: 'docs/operating/sizing.md', title: 'Sizing' },
      { file: 'docs/operating/incidents.md', title: 'Incidents' },
      { file: 'docs/operating/postmortem.md', title: 'Postmortem' },
      { file: 'docs/dashboard.md', title: 'The dashboard' },
      { file: 'docs/metrics.md', title: 'Metrics' },
      { file: 'examples/analytics/README.md', title: 'Your own analytics' },
      { file: 'docs/statistics.md', title: 'Statistics' },
      { file: 'docs/troubleshooting.md', title: 'Troubleshooting' },
      { file: 'docs/errors.md', title: 'Errors by code' },
      { file: 'packages/collector/README.md', title: 'The collector' },
      { file: 'examples/renew-metadata/README.md', title: 'Renew metadata' },
      { file: 'examples/autopilot/README.md', title: 'Autopilot' },
      { file: 'examples/model-ci/README.md', title: 'Release from CI' },
    ],
  },
  {
    title: 'Runbooks',
    isByLink: true,
    pages: readdirSync(new URL(`../../${RUNBOOKS}`, import.meta.url)).map((name) => ({
      file: RUNBOOKS + name,
      title: name.replace(/\.md$/, ''),
    })),
  },
  {
    title: 'Trust',
    pages: [
      { file: 'docs/guide/promises.md', title: 'What is promised' },
      { file: 'docs/trust.md', title: 'Trust and threats' },
      { file: 'docs/privacy.md', title: 'Privacy' },
      { file: 'docs/conformance.md', title: 'Conformance' },
      { file: 'SECURITY.md', title: 'Report a weakness' },
    ],
  },
  {
    title: 'Reference',
    pages: [
      { file: 'docs/api.md', title: 'The public face' },
      { file: 'docs/guide/versions.md', title: 'Versions' },
      { file: 'CHANGELOG.md', title: 'Changelog' },
    ],
  },
  {
    title: 'The code',
    isAboutCode: true,
    pages: [
      { file: 'README.md', title: 'README' },
      { file: 'ARCHITECTURE.md', title: 'Architecture' },
      { file: 'CONTRIBUTING.md', title: 'Contributing' },
      { file: 'bench/README.md', title: 'Benches' },
    ],
  },
];

/** Globs of the Markdown files that the site has no page for. @type {readonly string[]} */
export const LEFT_OUT = [
  'consumers/**',
  'docs/decisions/**',
  'models/*/**',
  'packages/artifact/**',
  'packages/core/**',
  'packages/models/**',
  'packages/nearside/**',
  'packages/pipeline/**',
  // What the build and the tests make.
  'packages/collector/dist/**',
  'packages/publisher/example/**',
  'playwright-report/**',
  'test-results/**',
  'tests/**',
];

/** What `npm run docs:build` writes from docstrings, and git does not keep. Pages of its own, in no group. */
export const REFERENCE = 'docs/reference/';

/**
 * @param {string} file
 * @returns {boolean} whether the site has a page for it
 */
export function isPage(file) {
  return FILES.includes(file) || (file.startsWith(REFERENCE) && file.endsWith('.md'));
}

/** Files of pages, the home page too, the reference left out. @type {readonly string[]} */
export const FILES = [HOME, ...GROUPS.flatMap(({ pages }) => pages.map(({ file }) => file))];

/**
 * Where the site has a page: `docs/guide/tools.md` is `guide/tools.md`, `packages/publisher/README.md` is
 * `publisher.md`, `docs/operating/README.md` is `operating/index.md`. README.md of the repository is no home page, because
 * docs/README.md is that.
 *
 * @param {string} file
 */
export function placeOf(file) {
  if (file === HOME) return 'index.md';
  if (file.startsWith('docs/'))
    return file.slice('docs/'.length).replace(/\bREADME\.md$/, 'index.md');
  if (file === 'README.md') return 'readme.md';
  return `${file
    .replace(/\/README\.md$/, '')
    .replace(/^packages\//, '')
    .replace(/\.md$/, '')
    .toLowerCase()}.md`;
}
