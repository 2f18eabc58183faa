import type { ModelOf } from 'nearside';
import { createIndex, embedAll, type FoundItem } from 'nearside/search';
import type { Section } from '../build/docs-sections.js';
import { openTask } from './open-model.js';
import { openUntilReady } from './open-until-ready.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';
import { wordsToMark } from './words-to-mark.js';

const EXAMPLES = [
  'how much memory does it take',
  'which files do I cache',
  'secret keys are stolen',
  'metadata-expired',
];
const TOP = 5;
/** So many sections get their vectors before the next are found with them. */
const AT_ONCE = 16;
/** Characters of a section that are shown. */
const EXCERPT = 150;

type Way = 'both' | 'words' | 'meaning';

const query = part('query', HTMLInputElement);
const reading = part('reading', HTMLElement);
const problem = createProblemPanel(part('search-problem', HTMLElement));
const index = createIndex();
const sections = new Map<string, Section>();
let model: ModelOf<'feature-extraction'> | undefined;
/** It aborts the search before. */
let searching = new AbortController();

part('examples', HTMLElement).append(...EXAMPLES.map(exampleButton));
query.addEventListener('input', () => void search());
void begin();

/** Words are searched at once; meaning as soon as there is a model, and more sections with each that it has read. */
async function begin(): Promise<void> {
  try {
    const all = await fetchSections();
    for (const section of all) sections.set(section.id, section);
    await index.add(all.map((section) => ({ id: section.id, text: textOf(section) })));
    await search();
    model = await openUntilReady((onProgress) =>
      openTask('sentences', { task: 'feature-extraction', onProgress }),
    );
    await readAll(all, model);
  } catch (error) {
    problem.show(error);
  }
}

async function fetchSections(): Promise<readonly Section[]> {
  const response = await fetch(new URL('docs.json', document.baseURI));
  if (!response.ok) throw new Error(`Expected docs.json, got status ${response.status}.`);
  return response.json();
}

function textOf({ titles, text }: Section): string {
  return `${titles.join('. ')}. ${text}`;
}

async function readAll(
  all: readonly Section[],
  reader: ModelOf<'feature-extraction'>,
): Promise<void> {
  let kept = 0;
  for (let i = 0; i < all.length; i += AT_ONCE) {
    const some = all.slice(i, i + AT_ONCE);
    const { vectors, hits } = await embedAll(reader, some.map(textOf));
    kept += hits;
    await index.add(
      some.map((section, k) => ({ id: section.id, text: textOf(section), vector: vectors[k] })),
    );
    const read = `The model has read ${Math.min(i + AT_ONCE, all.length)} of ${all.length} sections`;
    reading.textContent = kept === 0 ? `${read}.` : `${read}, ${kept} of them on an earlier visit.`;
    if (i === 0) {
      delete document.documentElement.dataset.sections;
      await search();
    }
  }
  await search();
}

async function search(): Promise<void> {
  searching.abort();
  searching = new AbortController();
  const { signal } = searching;
  const text = query.value;
  try {
    problem.hide();
    const options = { top: TOP, signal };
    show('words', await index.search({ text }, options));
    if (!model || text.trim() === '') {
      for (const way of ['meaning', 'both'] as const) show(way, []);
      return;
    }
    const { output: vector } = await model.run(text, { signal, priority: 'interactive' });
    show('meaning', await index.search({ vector }, options));
    show('both', await index.search({ text, vector }, options));
  } catch (error) {
    if (!signal.aborted) problem.show(error);
  }
}

function show(way: Way, found: readonly FoundItem[]): void {
  part(way, HTMLElement).replaceChildren(...found.map((item) => itemOf(item, way)));
}

function itemOf({ id, score }: FoundItem, way: Way): HTMLElement {
  const { titles, text } = sections.get(id) as Section;
  const item = document.createElement('li');
  const head = document.createElement('p');
  const title = Object.assign(document.createElement('strong'), { textContent: titles.at(-1) });
  const number = Object.assign(document.createElement('span'), {
    className: 'score',
    textContent: score.toFixed(way === 'meaning' ? 2 : 1),
    title: TITLES[way],
  });
  head.append(title, number);
  const page = Object.assign(document.createElement('p'), { className: 'of-page' });
  page.textContent = titles.length > 1 ? (titles[0] ?? '') : '';
  const excerpt = Object.assign(document.createElement('p'), { className: 'excerpt' });
  excerpt.append(...marked(excerptOf(text)));
  item.append(head, page, excerpt);
  return item;
}

const TITLES: Readonly<Record<Way, string>> = {
  words: 'BM25',
  meaning: 'Cosine',
  both: 'Standard deviations above the mean of all sections, of both',
};

/** From shortly before the first word that is marked. */
function excerptOf(text: string): string {
  const at = text.search(wordsToMark(query.value) ?? /$^/);
  const from = at > EXCERPT / 2 ? text.indexOf(' ', at - EXCERPT / 3) + 1 : 0;
  const begin = from > 0 ? '… ' : '';
  if (text.length <= from + EXCERPT) return begin + text.slice(from);
  return `${begin}${text.slice(from, from + EXCERPT).replace(/\s\S*$/, '')} …`;
}

function marked(text: string): (string | HTMLElement)[] {
  const asked = wordsToMark(query.value);
  if (!asked) return [text];
  return text
    .split(asked)
    .map((piece, i) =>
      i % 2 === 1 ? Object.assign(document.createElement('mark'), { textContent: piece }) : piece,
    );
}

function exampleButton(example: string): HTMLElement {
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  button.textContent = example;
  button.addEventListener('click', () => {
    query.value = example;
    void search();
  });
  return button;
}
