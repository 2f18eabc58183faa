import { mapLimited } from '@nearside/artifact';
import { isNearsideError } from '@nearside/core';
import { type Answer, ASKING, ask, isFile } from '../network/ask.js';
import {
  assetsOptionOf,
  filesNamedIn,
  hashesIn,
  importsOf,
  type Kind,
  kindOf,
  libraryVersionOf,
  publicPathOf,
} from './read-code.js';
import { type Page, resolveUrl, type ScriptTag } from './read-page.js';

/** Limits of what a page may have the doctor ask for. */
const MOST = Object.freeze({
  /** Scripts, and named files: a page that loads more has its library among the first. */
  files: 80,
  /** As many as a browser asks one host for. */
  atOnce: 6,
  /** All files together have at most so many, decompressed. */
  bytes: 160e6,
});

/** One script of a page, or a file of the library's runtime. */
export interface LoadedFile {
  readonly url: string;
  readonly kind: Kind | 'wasm';
  /** Undefined where none came, because of `problem`. */
  readonly answer: Answer | undefined;
  readonly problem?: string | undefined;
  readonly code: string;
  /** The page's HTML names it, or a script that the page cannot do without. */
  readonly tag?: ScriptTag | undefined;
}

export interface Loaded {
  readonly scripts: readonly LoadedFile[];
  /** Workers, `steps.js` and wasm. */
  readonly runtime: readonly LoadedFile[];
  /** The page's own library, as far as its scripts show it. */
  readonly version: string | undefined;
  /** Runtime files are copies in a folder, which a library of another origin holds to their hashes. */
  readonly areCopies: boolean;
  /** The page names more files than were asked for. */
  readonly isCutShort: boolean;
  /** SHA-384 of the runtime's files by name, as the library was built with them. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Text of all scripts. */
  readonly code: string;
}

/** Follows a page's scripts as far as they name modules, and asks for the runtime's files that they name. */
export async function followScripts(page: Page, patienceMs?: number): Promise<Loaded> {
  const load = loader(page, patienceMs);
  const scripts = await followModules(page, load);
  const code = [...page.inline, ...scripts.map((script) => script.code)].join('\n');
  const isLibrary = (one: LoadedFile) => one.kind === 'library';
  const library = scripts.find(isLibrary);
  const folder = library && folderOf(page, library, code);
  const named = namedFiles(page, scripts, code);
  const areCopies = folder !== undefined && !named.some((url) => /\.wasm\b/.test(url));
  const hashes = hashesIn(code);
  const addresses = areCopies ? [...filesIn(folder, hashes), ...named] : named;
  const files = await loadAll(addresses.slice(0, MOST.files), load);
  const version = [...scripts.filter(isLibrary), ...scripts].flatMap(
    (one) => libraryVersionOf(one.code) ?? [],
  )[0];
  return {
    scripts,
    runtime: files.filter(({ kind, answer }) => kind !== 'other' || !answer || !isFile(answer)),
    version,
    areCopies,
    isCutShort: scripts.length === MOST.files || addresses.length > MOST.files,
    hashes,
    code,
  };
}

type Load = (url: string, tag?: ScriptTag) => Promise<LoadedFile>;

function loader({ url }: Page, patienceMs: number | undefined): Load {
  let leftBytes = MOST.bytes;
  return async (address, tag) => {
    try {
      const maxBytes = Math.min(ASKING.maxBytes, Math.max(0, leftBytes));
      const answer = await ask(address, { origin: url.origin, patienceMs, maxBytes });
      leftBytes -= answer.bytes.length;
      const isWasm = Buffer.from(answer.bytes.subarray(0, 4)).toString('latin1') === '\0asm';
      const code = isWasm || !isFile(answer) ? '' : new TextDecoder().decode(answer.bytes);
      return { url: address, kind: isWasm ? 'wasm' : kindOf(code), answer, code, tag };
    } catch (error) {
      if (!isNearsideError(error)) throw error;
      const problem = error.message;
      return { url: address, kind: 'other', answer: undefined, problem, code: '', tag };
    }
  };
}

function loadAll(
  addresses: readonly string[],
  load: Load,
  tags?: ReadonlyMap<string, ScriptTag>,
): Promise<LoadedFile[]> {
  return mapLimited(addresses, MOST.atOnce, (url) => load(url, tags?.get(url)));
}

async function followModules(page: Page, load: Load): Promise<LoadedFile[]> {
  const tags = new Map(page.scripts.map((tag) => [tag.url, tag]));
  const inline = page.inline.flatMap((code) => addressesIn(code, page.base, page));
  const seen = new Set<string>();
  const takeNew = (urls: readonly string[]) =>
    urls.filter((url) => !seen.has(url) && seen.size < MOST.files && seen.add(url));
  const loaded: LoadedFile[] = [];
  let next = takeNew([...tags.keys(), ...inline]);
  while (next.length > 0) {
    const files = await loadAll(next, load, tags);
    loaded.push(...files);
    next = takeNew(
      files.flatMap(({ code, url, answer }) => addressesIn(code, answer?.url ?? url, page)),
    );
  }
  return loaded;
}

function addressesIn(code: string, base: string, page: Page): string[] {
  return importsOf(code).flatMap((name) => {
    const mapped = page.importMap.get(name);
    const isAddress = /^(?:\.{0,2}\/|https?:)/.test(name);
    return mapped || (isAddress && resolveUrl(name, base)) || [];
  });
}

/** Where the library looks for its runtime, if no bundler has moved that: the option, or the folder beside the script. */
function folderOf(page: Page, library: LoadedFile, code: string): string | undefined {
  const option = assetsOptionOf(code);
  if (option !== undefined) return resolveUrl(option.replace(/\/*$/, '/'), page.url.href);
  const isBeside = /new URL\(["'`]assets\/["'`]/.test(library.code);
  return isBeside ? resolveUrl('assets/', library.url) : undefined;
}

/** Files of the library's runtime in a folder, by the names that the library was built with. */
function filesIn(folder: string, hashes: ReadonlyMap<string, string>): string[] {
  const names = [...hashes.keys()].filter((name) => /^worker-|^steps\.js$|\.wasm$/.test(name));
  return names.map((name) => new URL(name, folder).href);
}

function namedFiles(page: Page, scripts: readonly LoadedFile[], code: string): string[] {
  const publicPath = publicPathOf(code);
  const named = scripts.flatMap((script) => {
    const { byUrl, byPublicPath } = filesNamedIn(script.code);
    const isAuto = publicPath === undefined || publicPath === 'auto';
    const base = isAuto ? script.url : resolveUrl(publicPath, page.url.href);
    return [
      ...byUrl.map((name) => resolveUrl(name, script.url)),
      ...byPublicPath.map((name) => base && resolveUrl(name, base)),
    ];
  });
  const known = new Set(scripts.map(({ url }) => url));
  return [...new Set(named.flatMap((url) => (url && !known.has(url) ? [url] : [])))];
}
