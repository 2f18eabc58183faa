import type { Plugin } from 'vite';

/** Where each page is, in the order in which the others name it. */
const PAGES = {
  index: 'Digits',
  risk: 'Risk from a record',
  voice: 'Speech in sound',
  text: 'Text in pictures',
  objects: 'Faces and things',
  people: 'People',
  search: 'Search by words and meaning',
  spam: 'Spam check',
} as const;

/** Markup that is shown while the model opens, and when it could not be opened. */
const OPENING = `
        <div id="opening" data-testid="opening" class="opening">
          <p data-phase role="status">Opening the model…</p>
          <progress max="1" aria-label="Opening the model"></progress>
        </div>
        <div id="open-problem" data-testid="open-problem" class="problem" role="alert" hidden>
          <h2>The model could not be opened</h2>
          <p data-message></p>
          <p class="problem-foot">
            <code data-code></code>
            <button type="button" class="primary" data-testid="retry">Try again</button>
          </p>
        </div>`;

const HEAD = `
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="./src/style.css" />`;

/** Puts what all pages have in the places of `<!-- head -->`, `<!-- opening -->` and `<!-- pages -->`. */
export function sharedMarkup(): Plugin {
  return {
    name: 'shared-markup',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { path }) =>
        html
          .replace('<!-- head -->', HEAD.trim())
          .replace('<!-- opening -->', OPENING.trim())
          .replace('<!-- pages -->', linksBeside(path)),
    },
  };
}

function linksBeside(path: string): string {
  const links = Object.entries(PAGES).filter(([page]) => !path.endsWith(`/${page}.html`));
  return links.map(([page, title]) => `<a href="./${page}.html">${title}</a>`).join('\n        ');
}
